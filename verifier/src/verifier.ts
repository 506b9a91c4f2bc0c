import { errors, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { claimsOf, type AccessTokenClaims } from './claims.ts';
import { IssuerUnavailable, TokenInvalid, TokenRevoked } from './errors.ts';
import { createIssuer } from './issuer.ts';
import { settingsOf, type VerifierOptions } from './options.ts';
import { createRevocationCheck, type VerifierStatus } from './revocation-check.ts';

/** Verifies access tokens. Make one per API and keep it. */
export interface Verifier {
  /** @throws {TokenInvalid} {TokenRevoked} {RevocationUnknown} {IssuerUnavailable} */
  verify(token: string): Promise<AccessTokenClaims>;
  status(): VerifierStatus;
  /** Stops following the feed. */
  close(): void;
}

const OFF: VerifierStatus = {
  feed: 'off',
  epoch: undefined,
  number: 0,
  live: 0,
  bytes: 0,
  silentForMs: 0,
  disconnects: 0,
  lastError: undefined,
};

/** Begins to follow the feed of the issuer. @throws {TypeError} when the options contradict themselves. */
export function createVerifier(options: VerifierOptions): Verifier {
  const settings = settingsOf(options);
  const { clock, onEvent, revocation } = settings;
  const issuer = createIssuer(settings);
  const feed =
    revocation === false ? undefined : createRevocationCheck(settings, issuer, revocation);
  const checks: JWTVerifyOptions = {
    issuer: settings.issuer,
    audience: [...settings.audience],
    algorithms: [...settings.algorithms],
    // So that an ID token, signed by the same keys, is not taken for an access token (RFC 9068 section 4).
    typ: 'at+jwt',
    clockTolerance: settings.clockToleranceSeconds,
    requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id'],
  };

  async function judge(token: string): Promise<AccessTokenClaims> {
    const currentDate = new Date(clock.wallMs());
    const payload = await verifyJwt(token, await issuer.keys(), { ...checks, currentDate });
    const claims = claimsOf(payload);
    await feed?.check(token, claims);
    return claims;
  }

  return {
    async verify(token) {
      const began = clock.monotonicMs();
      try {
        const claims = await judge(token);
        onEvent({ kind: 'verified', ms: clock.monotonicMs() - began });
        return claims;
      } catch (error) {
        onEvent({ kind: kindOf(error), ms: clock.monotonicMs() - began });
        throw error;
      }
    },
    status: () => feed?.status() ?? OFF,
    close: () => feed?.close(),
  };
}

async function verifyJwt(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<AccessTokenClaims['payload']> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError && !isOfTheIssuer(error)) {
      throw new TokenInvalid(error.message, { cause: error });
    }
    throw new IssuerUnavailable('the keys of the issuer cannot be read', { cause: error });
  }
}

/** Says that the keys could not be had, and nothing of the token. */
function isOfTheIssuer(error: errors.JOSEError): boolean {
  const isUnusable = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  return isUnusable || error.code === 'ERR_JOSE_GENERIC';
}

function kindOf(error: unknown): 'revoked' | 'invalid' | 'unknown' {
  if (error instanceof TokenRevoked) return 'revoked';
  return error instanceof TokenInvalid ? 'invalid' : 'unknown';
}
