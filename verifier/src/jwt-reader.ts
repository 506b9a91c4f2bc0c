import { claimsOf, type AccessTokenClaims } from './claims.ts';
import { TokenInvalid } from './errors.ts';
import type { Issuer } from './issuer.ts';
import { createSignatureCheck } from './jws.ts';
import { normalTyp, type Settings } from './settings.ts';
import { createVerifiedTokens } from './verified-tokens.ts';

/** What JWTs say. Their time and whether they were revoked is not looked at. */
export interface JwtReader {
  /** The claims of a token that was read a moment ago. */
  known(token: string): AccessTokenClaims | undefined;
  /** @throws {TokenInvalid} {IssuerUnavailable} */
  read(token: string): Promise<AccessTokenClaims>;
}

export function createJwtReader(settings: Settings, issuer: Issuer): JwtReader {
  const verifySignature = createSignatureCheck(settings.algorithms);
  const verified = createVerifiedTokens({
    max: settings.verifiedTokensMax,
    keysFetched: issuer.keysFetched,
    monotonicMs: settings.clock.monotonicMs,
  });

  return {
    known: verified.get,
    async read(token) {
      const { header, payload } = await verifySignature(token, await issuer.keys());
      assertTyp(header.typ, settings.typ);
      const claims = claimsOf(payload, settings);
      verified.set(token, claims);
      return claims;
    },
  };
}

/** So that an ID token, signed by the same keys, is not taken for an access token (RFC 9068 section 4). */
function assertTyp(typ: string | undefined, expected: string | false): void {
  if (expected === false) return;
  if (typeof typ !== 'string' || normalTyp(typ) !== expected) {
    throw new TokenInvalid('not an access token');
  }
}
