import type { Groups } from '../groups/groups.ts';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { randomUuid } from '../runtime/random.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import { claimsOf } from './attributes.ts';
import { issuerOf } from './pool.ts';
import type { ClientOfPool } from './pools.ts';
import type { Session } from './sessions.ts';
import { signToken } from './sign-token.ts';
import type { PoolUser } from './users.ts';

/** What lets a token into operations like `GetUser`. */
export const USER_ADMIN_SCOPE = 'aws.cognito.signin.user.admin';

/** For whom tokens are made, and in which session. */
export interface TokensFor extends ClientOfPool {
  readonly user: PoolUser;
  readonly session: Session;
  /** What `revocation.stamp()` gave before user, client and session were read. */
  readonly mark: string;
  readonly origin: Origin;
  readonly grantType: string;
}

/** Makes the access token and the ID token of a session, as applications of Cognito know them. */
export async function issueTokens(
  tokens: TokensFor,
  house: {
    readonly audit: Audit;
    readonly clock: Clock;
    readonly groups: Groups;
    readonly signingKeys: SigningKeys;
    readonly settings: { readonly endpoint: string };
  },
): Promise<{
  readonly AccessToken: string;
  readonly IdToken: string;
  readonly ExpiresIn: number;
  readonly TokenType: string;
}> {
  const { client, user, session, origin, grantType } = tokens;
  const { clock, groups, audit, signingKeys, settings } = house;
  const memberOf = (await groups.rightsOf(user.account.id, {})).groups;
  const shared = {
    sub: user.account.id,
    ...(memberOf.length === 0 ? {} : { 'cognito:groups': memberOf }),
    iss: issuerOf(tokens.pool, settings.endpoint),
    origin_jti: session.id,
    event_id: randomUuid(),
    auth_time: session.authTime,
    iat: clock.now(),
  };
  const accessClaims = accessTokenClaims(tokens, shared);
  const [access, id] = await Promise.all([
    signToken(accessClaims, signingKeys),
    signToken(idTokenClaims(tokens, shared), signingKeys),
  ]);
  audit.note({
    type: 'token.issued',
    grantType,
    kind: 'AccessToken',
    jti: accessClaims.jti,
    accountId: user.account.id,
    clientId: client.id,
    origin,
  });
  return {
    AccessToken: access,
    IdToken: id,
    ExpiresIn: client.accessTokenValidity,
    TokenType: 'Bearer',
  };
}

type SharedClaims = JsonObject & { readonly iat: number };

/** `client_id` and no `aud`; the last two are ours, by which it can be taken back before it expires. */
function accessTokenClaims(
  { client, user, session, mark }: TokensFor,
  shared: SharedClaims,
): JsonObject & { readonly jti: string } {
  return {
    ...shared,
    client_id: client.id,
    token_use: 'access',
    scope: USER_ADMIN_SCOPE,
    exp: shared.iat + client.accessTokenValidity,
    jti: randomUuid(),
    username: user.row.username,
    gid: session.id,
    rev: mark,
  };
}

function idTokenClaims({ client, user }: TokensFor, shared: SharedClaims): JsonObject {
  return {
    ...claimsOf(user),
    ...shared,
    aud: client.id,
    token_use: 'id',
    exp: shared.iat + client.idTokenValidity,
    jti: randomUuid(),
    'cognito:username': user.row.username,
  };
}
