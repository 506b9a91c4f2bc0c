import { createLocalJWKSet, errors, jwtVerify, type JWK, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import { CognitoException } from './exception.ts';
import { USER_ADMIN_SCOPE } from './oauth.ts';
import { issuerOf } from './pool.ts';
import type { ClientOfPool, Pools } from './pools.ts';
import { handlesOf, type Session, type Sessions } from './sessions.ts';
import { TOKEN_ALGORITHM } from './sign-token.ts';
import type { PoolUser, Users } from './users.ts';

/** Whoever shows an access token. */
export interface Bearer extends ClientOfPool {
  readonly user: PoolUser;
  readonly session: Session;
}

/** Reads access tokens of pools. */
export interface AccessTokens {
  /**
   * `scope`: what the token must have.
   *
   * @throws {CognitoException} of a token that is not ours, is over, or was taken back.
   */
  bearer(accessToken: string, scope?: string): Promise<Bearer>;
}

const accessClaims = z.object({
  token_use: z.literal('access'),
  client_id: z.string(),
  sub: z.string(),
  jti: z.string(),
  iss: z.string(),
  origin_jti: z.string(),
  scope: z.string(),
});
type AccessClaims = z.output<typeof accessClaims>;

export function createAccessTokens(house: {
  readonly clock: Clock;
  readonly pools: Pools;
  readonly revocation: Revocation;
  readonly sessions: Sessions;
  readonly settings: { readonly endpoint: string };
  readonly signingKeys: Pick<SigningKeys, 'current'>;
  readonly users: Users;
}): AccessTokens {
  const { clock, pools, revocation, sessions, settings, signingKeys, users } = house;

  return {
    async bearer(accessToken, scope = USER_ADMIN_SCOPE) {
      const claims = await verified(accessToken, { clock, signingKeys });
      const { pool, client } = await pools.client(claims.client_id);
      if (claims.iss !== issuerOf(pool, settings.endpoint)) throw invalid();
      if (!claims.scope.split(' ').includes(scope))
        throw new CognitoException(
          'NotAuthorizedException',
          'Access Token does not have required scopes',
        );
      // Held against the mark of the session, which outlives a change of password that was made in it.
      const session = await sessions.find(claims.origin_jti);
      if (session === undefined) throw revoked();
      if (await revocation.isRevoked({ jti: claims.jti, ...handlesOf(session) })) throw revoked();
      const user = await users.byAccount(pool, claims.sub);
      if (user?.account.state !== 'active') throw revoked();
      return { pool, client, user, session };
    },
  };
}

async function verified(
  token: string,
  {
    clock,
    signingKeys,
  }: { readonly clock: Clock; readonly signingKeys: Pick<SigningKeys, 'current'> },
): Promise<AccessClaims> {
  const keys: readonly JWK[] = signingKeys
    .current()
    .keys.filter(({ algorithm }) => algorithm === TOKEN_ALGORITHM)
    .map(({ publicJwk }) => ({ kty: 'RSA', ...publicJwk }));
  const options = { algorithms: [TOKEN_ALGORITHM], currentDate: new Date(clock.nowMs()) };
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...keys] }), options);
    return readClaims(payload);
  } catch (error) {
    if (error instanceof errors.JWTExpired)
      throw new CognitoException('NotAuthorizedException', 'Access Token has expired', {
        cause: error,
      });
    if (error instanceof errors.JOSEError) throw invalid(error);
    throw error;
  }
}

function readClaims(payload: JWTPayload): AccessClaims {
  const { success, data } = accessClaims.safeParse(payload);
  if (!success) throw invalid();
  return data;
}

function invalid(cause?: Error): CognitoException {
  return new CognitoException('NotAuthorizedException', 'Invalid Access Token', { cause });
}

function revoked(): CognitoException {
  return new CognitoException('NotAuthorizedException', 'Access Token has been revoked');
}
