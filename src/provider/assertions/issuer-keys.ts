import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors as jose,
  type JWTVerifyGetKey,
} from 'jose';
import { LatchkeyError } from '../../runtime/errors.ts';
import type { TrustedIssuer } from '../features/jwt-bearer.ts';

const FRESH_MS = 600_000;
/** An assertion with an unknown `kid` has the keys fetched again, but not more often. */
const COOL_DOWN_MS = 30_000;

/** The keys of a trusted issuer could not be fetched: nothing is known of an assertion of its. */
export class IssuerKeysUnavailable extends LatchkeyError {
  readonly code = 'ERR_ISSUER_KEYS_UNAVAILABLE';
}

/** The keys of trusted issuers, by `iss`. Each throws {@link IssuerKeysUnavailable} when they cannot be had. */
export type IssuerKeys = ReadonlyMap<string, JWTVerifyGetKey>;

/** Keys that are fetched are kept for ten minutes, and fetched again when one is missing. */
export function createIssuerKeys(
  issuers: readonly TrustedIssuer[],
  options: { readonly outboundFetch: (url: string, init?: RequestInit) => Promise<Response> },
): IssuerKeys {
  return new Map(issuers.map((issuer) => [issuer.issuer, keysOf(issuer, options.outboundFetch)]));
}

function keysOf(
  { issuer, jwks = { keys: [] }, jwksUri }: TrustedIssuer,
  outboundFetch: (url: string, init?: RequestInit) => Promise<Response>,
): JWTVerifyGetKey {
  if (jwksUri === undefined) return createLocalJWKSet(jwks);
  const remote = createRemoteJWKSet(new URL(jwksUri), {
    [customFetch]: outboundFetch,
    cacheMaxAge: FRESH_MS,
    cooldownDuration: COOL_DOWN_MS,
  });
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      // These are about the assertion, all else is about the way to the keys.
      if (error instanceof jose.JWKSNoMatchingKey || error instanceof jose.JWKSMultipleMatchingKeys)
        throw error;
      throw new IssuerKeysUnavailable(`the keys of ${issuer} cannot be had`, { cause: error });
    }
  };
}
