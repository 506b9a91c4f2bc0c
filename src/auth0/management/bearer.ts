import { createLocalJWKSet, errors, jwtVerify, type JWK, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { Clients } from '../../clients/clients.ts';
import type { Revocation } from '../../revocation/revocation.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { SigningKeys } from '../../signing-keys/signing-keys.ts';
import type { TenantConfig } from '../config.ts';
import { managementAudience } from './api.ts';
import { ManagementProblem } from './problem.ts';

/** A client that shows a token for the Management API. */
export interface Caller {
  readonly clientId: string;
  /** Of the token, those that the client still has. */
  readonly scopes: ReadonlySet<string>;
}

/** Gives whoever an `Authorization` header speaks for. @throws {ManagementProblem} */
export type ReadBearer = (authorization: string) => Promise<Caller>;

const ALGORITHM = 'RS256';
const BEARER = /^Bearer (?<token>[\w.-]+)$/i;
/** Of a client's own token, that of no person: it has no grant. */
const machineClaims = z.object({
  azp: z.string(),
  jti: z.string(),
  rev: z.string(),
  gty: z.literal('client-credentials'),
  gid: z.undefined().optional(),
  scope: z.string().default(''),
});

/** The tokens of one tenant's Management API: verified by our keys, and held against what was taken back. */
export function createBearer(options: {
  readonly tenant: Pick<TenantConfig, 'issuer'>;
  readonly clients: Pick<Clients, 'find'>;
  readonly clock: Clock;
  readonly revocation: Pick<Revocation, 'isRevoked'>;
  readonly signingKeys: Pick<SigningKeys, 'current'>;
}): ReadBearer {
  const { tenant, clients, clock, revocation, signingKeys } = options;

  async function payloadOf(token: string): Promise<JWTPayload> {
    const keys: readonly JWK[] = signingKeys
      .current()
      .keys.filter(({ algorithm }) => algorithm === ALGORITHM)
      .map(({ publicJwk }) => ({ kty: 'RSA', ...publicJwk }));
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...keys] }), {
        algorithms: [ALGORITHM],
        issuer: tenant.issuer,
        audience: managementAudience(tenant),
        currentDate: new Date(clock.nowMs()),
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw invalidToken('Expired token received for JSON Web Token validation', error);
      if (error instanceof errors.JOSEError) throw invalidToken('Invalid token', error);
      throw error;
    }
  }

  return async (authorization) => {
    const { token } = BEARER.exec(authorization)?.groups ?? {};
    if (token === undefined) throw invalidToken('Missing authentication');
    const { success, data } = machineClaims.safeParse(await payloadOf(token));
    if (!success) throw invalidToken('Invalid token');
    const { azp: clientId, jti, rev: mark, scope } = data;
    const client = await clients.find(clientId);
    if (client === undefined || (await revocation.isRevoked({ jti, clientId, mark })))
      throw invalidToken('Invalid token');
    const { ownScopes, apiScopes } = client.policy;
    const now = new Set((ownScopes ?? apiScopes)?.[managementAudience(tenant)]);
    return { clientId, scopes: new Set(scope.split(' ').filter((name) => now.has(name))) };
  };
}

function invalidToken(message: string, cause?: Error): ManagementProblem {
  return new ManagementProblem(401, { message, errorCode: 'invalid_token' }, { cause });
}
