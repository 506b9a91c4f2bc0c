import type { Context } from 'koa';
import { equalSecrets } from '../../runtime/digest.ts';
import type { ClientOfPool, Pools } from '../pools.ts';
import { OAuthProblem } from './problem.ts';

const BASIC = /^Basic (?<pair>[A-Za-z\d+/]+={0,2})$/i;

/** Fields of a form, each given once. */
export type Form = ReadonlyMap<string, string>;

/**
 * The client that sends `form`: one with a secret shows it, in the header or beside its id (RFC 6749 section 2.3.1).
 *
 * @throws {OAuthProblem}
 */
export async function proveClient(
  ctx: Context,
  form: Form,
  pools: Pick<Pools, 'findClient'>,
): Promise<ClientOfPool> {
  const shown = basicOf(ctx.get('Authorization')) ?? {
    id: form.get('client_id') ?? '',
    secret: form.get('client_secret'),
  };
  const found = await pools.findClient(shown.id);
  const isNamedOtherwise = (form.get('client_id') ?? shown.id) !== shown.id;
  if (found === undefined || isNamedOtherwise || !isProven(found.client.secret, shown.secret))
    throw unknownClient();
  if (found.client.oauth.enabled) return found;
  throw new OAuthProblem('unauthorized_client', 'the client may not use the hosted endpoints');
}

/** A public client shows none, or an empty one, as some libraries do. */
function isProven(secret: string | undefined, shown: string | undefined): boolean {
  if (secret === undefined) return shown === undefined || shown === '';
  return equalSecrets(secret, shown ?? '');
}

function basicOf(
  header: string,
): { readonly id: string; readonly secret: string | undefined } | undefined {
  const { pair } = BASIC.exec(header)?.groups ?? {};
  if (pair === undefined) return undefined;
  const text = Buffer.from(pair, 'base64').toString('utf8');
  const mark = text.indexOf(':');
  if (mark === -1) throw unknownClient();
  return { id: decoded(text.slice(0, mark)), secret: decoded(text.slice(mark + 1)) };
}

/** Form-encoded (RFC 6749 section 2.3.1). */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new OAuthProblem('invalid_client', 'the client is not known', { cause });
  }
}

function unknownClient(): OAuthProblem {
  return new OAuthProblem('invalid_client', 'the client is not known');
}
