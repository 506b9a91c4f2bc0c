import { errors, type AdapterPayload } from 'oidc-provider';
import type { Client } from '../../clients/clients.ts';
import { sha256 } from '../../runtime/digest.ts';
import { CLAIM, textsOf } from '../access-token-claims.ts';
import type { EngineClients } from '../engine-clients.ts';
import type { LivingTokens } from '../lanes/living-tokens.ts';
import { isHeldBy, type Possession } from '../possession.ts';

/** RFC 8693 section 3. */
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
/** The same, of which the form is told. */
const TYPES: ReadonlySet<unknown> = new Set([ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:jwt']);
/** With each exchange of what was exchanged before, a token names more that it falls with. */
const HANDLES_MAX = 24;

/** An access token that was handed in, all of whose grounds stand. */
export interface PresentedToken {
  /** The person, or the client itself. */
  readonly subject: string;
  readonly accountId: string | undefined;
  readonly client: Client;
  readonly exp: number;
  readonly scopes: readonly string[];
  /** What it says beside. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** All by which it can be taken back, as `kind:handle`: what is made of it falls with each. */
  readonly handles: readonly string[];
  readonly isOfCertificate: boolean;
}

/** Reads tokens that were handed in under the name of a parameter. */
export type ReadPresented = (
  parameter: 'subject_token' | 'actor_token',
  presented: { readonly value: unknown; readonly type: unknown },
  possession: Possession,
) => Promise<PresentedToken>;

/**
 * @throws {errors.InvalidRequest} for all that is no living access token of ours, and for one that is bound to what
 *   the sender has not proven to hold (RFC 8693 section 2.2.2). Which of them it was is not told.
 */
export function createReadPresented(options: {
  readonly livingTokens: LivingTokens;
  readonly engineClients: Pick<EngineClients, 'find'>;
}): ReadPresented {
  const { livingTokens, engineClients } = options;
  return async (parameter, { value, type }, possession) => {
    if (!TYPES.has(type))
      throw new errors.InvalidRequest(`${parameter}_type must be ${ACCESS_TOKEN}`);
    const living = typeof value === 'string' ? await livingTokens.find(value) : undefined;
    if (living === undefined || !isHeldBy(possession, living.payload)) throw refusalOf(parameter);
    const client = await engineClients.find(living.payload.clientId ?? '');
    const read = client && readToken(living.payload, String(value), client);
    if (read === undefined) throw refusalOf(parameter);
    return read;
  };
}

function readToken(
  payload: AdapterPayload,
  value: string,
  client: Client,
): PresentedToken | undefined {
  const { accountId, exp = 0, scope = '', extra = {} } = payload;
  const handles = handlesOf(payload, value);
  if (handles.length > HANDLES_MAX) return undefined;
  const scopes = scope.split(' ').filter(Boolean);
  const isOfCertificate = payload['x5t#S256'] !== undefined;
  const subject = accountId ?? client.id;
  return { subject, accountId, client, exp, scopes, extra, handles, isOfCertificate };
}

/** The one answer to all that is wrong with a token. */
export function refusalOf(parameter: string): Error {
  return new errors.InvalidRequest(`${parameter} is not good for this exchange`);
}

/** As the log names them. The id of an opaque token is the token: the log has its hash. */
function handlesOf(payload: AdapterPayload, value: string): readonly string[] {
  const { jti = '', grantId, sessionUid, expiresWithSession, accountId, clientId } = payload;
  const own = {
    token: jti === value ? sha256(value) : jti,
    grant: grantId,
    session: expiresWithSession === true ? sessionUid : undefined,
    account: accountId,
    client: clientId,
  };
  const named = Object.entries(own).flatMap(([kind, handle]) =>
    handle === undefined ? [] : [`${kind}:${handle}`],
  );
  return [...new Set([...textsOf(payload.extra?.[CLAIM.from]), ...named])];
}
