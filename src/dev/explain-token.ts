import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { Json } from '../runtime/json.ts';

/** One claim with what it means. `meaning` is a catalog key, or empty for a claim nobody standardised. */
export interface ExplainedClaim {
  readonly name: string;
  readonly value: string;
  /** The instant of a NumericDate claim as ISO 8601; empty for others. */
  readonly instant: string;
  readonly meaning: string;
}

/** A token taken apart for a person to read. */
export interface ExplainedToken {
  /** The three parts of a JWS in compact form, or the whole opaque token as the first. */
  readonly parts: readonly [string, string, string];
  readonly isJwt: boolean;
  readonly header: readonly ExplainedClaim[];
  readonly payload: readonly ExplainedClaim[];
}

/** What a verifier that knows only the issuer found. */
export interface Verification {
  readonly ok: boolean;
  /** `jose`'s code of what is wrong; empty when all is well. */
  readonly problem: string;
  readonly algorithm: string;
  readonly kid: string;
}

/** A verifier as an API would have it: keys from the issuer's key set, nothing else. */
export type TokenVerifier = (
  token: string,
  audience: readonly string[] | undefined,
) => Promise<Verification>;

const DATES = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);
const KNOWN_CLAIMS = new Set(
  (
    'iss sub aud exp nbf iat jti auth_time nonce acr amr azp at_hash c_hash s_hash sid scope client_id gid rev ' +
    'alg kid typ name given_name family_name nickname preferred_username profile picture website email ' +
    'email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at roles groups permissions'
  ).split(' '),
);

/** Takes a token apart; an opaque one stays whole. */
export function explainToken(token: string): ExplainedToken {
  const [header, payload, signature] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined) {
    return { parts: [token, '', ''], isJwt: false, header: [], payload: [] };
  }
  return {
    parts: [header, payload, signature],
    isJwt: true,
    header: Object.entries(decodeProtectedHeader(token)).map(explainClaim),
    payload: Object.entries(decodeJwt(token)).map(explainClaim),
  };
}

function explainClaim([name, value]: readonly [string, unknown]): ExplainedClaim {
  return {
    name,
    value: typeof value === 'string' ? value : JSON.stringify(value),
    instant:
      DATES.has(name) && typeof value === 'number' ? new Date(value * 1000).toISOString() : '',
    meaning: KNOWN_CLAIMS.has(name) ? name : '',
  };
}

/** Verifies by the issuer's published key set, which is fetched once and again on an unknown `kid`. */
export function createTokenVerifier(issuer: string, jwksUri: string): TokenVerifier {
  const keySet = createRemoteJWKSet(new URL(jwksUri));
  return async (token, audience) => {
    const { alg = '', kid = '' } = decodeProtectedHeader(token);
    const found = { algorithm: alg, kid };
    try {
      await jwtVerify(token, keySet, { issuer, ...(audience && { audience: [...audience] }) });
      return { ...found, ok: true, problem: '' };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      return { ...found, ok: false, problem: error.code };
    }
  };
}

/** JSON as a person reads it. */
export function prettyJson(value: Json | object): string {
  return JSON.stringify(value, null, 2);
}
