import type { AccessToken, ClientCredentials } from 'oidc-provider';
import type { JsonObject } from '../runtime/json.ts';
import type { IssuedToken, StatusLists } from '../status-lists/status-lists.ts';
import { CLAIM } from './access-token-claims.ts';
import type { Resources } from './resources.ts';

type Token = AccessToken | ClientCredentials;
type Payload = Readonly<Record<string, unknown>>;

/** The claim that says where the status of a token stands (draft-ietf-oauth-status-list-21 section 6.2); empty: it has none. */
export type StatusClaim = (token: Token, payload: Payload) => Promise<JsonObject>;

/** For the JWTs of APIs that want it: our own endpoints know better. Without `statusLists`: for none. */
export function createStatusClaim(options: {
  readonly statusLists?: StatusLists | undefined;
  readonly resources: Resources;
}): StatusClaim {
  const { statusLists, resources } = options;
  return async (token, payload): Promise<JsonObject> => {
    const { resourceServer } = token;
    const api = resourceServer && resources.find(resourceServer.identifier());
    if (statusLists === undefined || api?.statusList !== true) return {};
    // A list knows nothing of what a token was exchanged for, and would call it valid when that has fallen.
    if (payload[CLAIM.from] !== undefined) return {};
    const { idx, uri } = await statusLists.assign(issuedToken(token, payload));
    return { status: { status_list: { idx, uri } } };
  };
}

/** The token by the same handles by which introspection holds it against what was revoked. */
function issuedToken(token: Token, payload: Payload): IssuedToken {
  const { jti, exp, [CLAIM.mark]: mark, [CLAIM.session]: session } = payload;
  if (typeof jti !== 'string' || typeof exp !== 'number' || typeof mark !== 'string')
    throw new TypeError('an access token without the claims of ours');
  const clients = { jti, mark, expiresAt: exp, clientId: token.clientId ?? '' };
  if (token.kind !== 'AccessToken') return clients;
  const { grantId, accountId } = token;
  return {
    ...clients,
    grantId,
    accountId,
    sessionUid: typeof session === 'string' ? session : undefined,
  };
}
