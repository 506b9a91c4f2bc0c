import type { Context } from 'koa';
import { nameFollower } from './feed-positions.ts';

/** As much of the registered clients as is needed to know one by its secret. */
export interface FeedClients<Client> {
  find(id: string): Promise<Client | undefined>;
  verifySecret(client: Client, secret: string): boolean;
}

const BASIC = /^Basic +(?<encoded>[A-Za-z0-9+/]+=*) *$/i;

/** Lets clients follow the feed that authenticate by `client_secret_basic` (RFC 6749 section 2.3.1); answers 401 to others. */
export function createFeedAuthorization<Client>(
  clients: FeedClients<Client>,
): (ctx: Context) => Promise<boolean> {
  return async (ctx) => {
    const credentials = readBasic(ctx.get('Authorization'));
    const client = credentials && (await clients.find(credentials.id));
    if (credentials && client && clients.verifySecret(client, credentials.secret)) {
      nameFollower(ctx, credentials.id);
      return true;
    }
    ctx.status = 401;
    ctx.set('WWW-Authenticate', 'Basic realm="revocations", charset="UTF-8"');
    ctx.body = { error: 'invalid_client' };
    return false;
  };
}

function readBasic(header: string): { readonly id: string; readonly secret: string } | undefined {
  const encoded = BASIC.exec(header)?.groups?.['encoded'];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  const [id, secret] = [text.slice(0, colon), text.slice(colon + 1)].map(formDecoded);
  return id === undefined || secret === undefined || secret === '' ? undefined : { id, secret };
}

/** Undefined: not form-encoded text. */
function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
