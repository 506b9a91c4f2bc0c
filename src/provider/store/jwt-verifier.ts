import { jwtVerify, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { SigningKeys } from '../../signing-keys/signing-keys.ts';
import type { ContentKeys } from '../content-keys.ts';
import { ENCRYPTED_TOKEN, openEncrypted } from '../encrypted-token.ts';
import { readAccessTokenClaims, type AccessTokenClaims } from '../access-token-claims.ts';
import type { Dialect } from '../dialect.ts';
import { publicKeyOf } from '../engine-keys.ts';
import type { Endpoints } from '../routes.ts';

const CLOCK_TOLERANCE_SECONDS = 15;
/** A century, for who asks at any time: jose refuses to reckon with Infinity, and with it every token. */
const ANY_TIME_SECONDS = 3_155_760_000;
/** A kilobyte each. */
const REMEMBERED_MAX = 2000;

/**
 * Undefined: no access token that a key of the moment has signed, or one that has expired. Whoever takes a token
 * back does not ask for the time: see `revocable.ts`.
 */
export type VerifyJwt = (
  jwt: string,
  options?: { readonly atAnyTime: boolean },
) => Promise<AccessTokenClaims | undefined>;

interface Remembered {
  readonly claims: AccessTokenClaims;
  readonly kid: string | undefined;
}

/**
 * Verifies our JWT access tokens, those within a JWE as well. A token is sent along with many requests, and its signature stays as it is: it is
 * verified once, then only whether its key is still one of ours and its time is not over. What else there is
 * to ask of a token is asked elsewhere, each time.
 */
export function createJwtVerifier(options: {
  readonly endpoints: Pick<Endpoints, 'issuer'>;
  readonly signingKeys: Pick<SigningKeys, 'current'>;
  readonly clock: Clock;
  readonly contentKeys: ContentKeys;
  /** Left out: access tokens say of themselves that they are (RFC 9068 section 4). */
  readonly dialect?: Dialect | undefined;
}): VerifyJwt {
  const { endpoints, signingKeys, clock, dialect } = options;
  const typs = new Set(dialect === undefined ? ['at+jwt'] : ['at+jwt', 'JWT']);
  // By its hash, so that no bearer token lies about in memory.
  const remembered = new Map<string, Remembered>();
  const keyOf: JWTVerifyGetKey = ({ kid, alg }) => {
    const key = signingKeys.current().keys.find((one) => one.kid === kid && one.algorithm === alg);
    if (key === undefined) throw new TypeError('a token of no key of ours');
    return publicKeyOf(key);
  };
  const isOurs = (kid: string | undefined): boolean =>
    signingKeys.current().keys.some((key) => key.kid === kid);

  async function verify(token: string, atAnyTime: boolean): Promise<Remembered | undefined> {
    const jwt = ENCRYPTED_TOKEN.test(token) ? openEncrypted(token, options.contentKeys) : token;
    if (jwt === undefined) return undefined;
    const verified = await jwtVerify(jwt, keyOf, {
      issuer: endpoints.issuer,
      clockTolerance: atAnyTime ? ANY_TIME_SECONDS : CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(clock.nowMs()),
    }).catch(() => undefined);
    if (verified === undefined || !typs.has(verified.protectedHeader.typ ?? '')) return undefined;
    const claims = readAccessTokenClaims(verified.payload);
    return claims && { claims, kid: verified.protectedHeader.kid };
  }

  function remember(hash: string, found: Remembered): void {
    if (remembered.size >= REMEMBERED_MAX) forgetOldest(remembered);
    remembered.set(hash, found);
  }

  return async (jwt, { atAnyTime } = { atAnyTime: false }) => {
    const hash = sha256(jwt);
    const known = remembered.get(hash);
    const found = known !== undefined && isOurs(known.kid) ? known : await verify(jwt, atAnyTime);
    if (found === undefined) {
      remembered.delete(hash);
      return undefined;
    }
    if (found.claims.exp <= clock.now()) {
      remembered.delete(hash);
      return atAnyTime ? found.claims : undefined;
    }
    if (found !== known) remember(hash, found);
    return found.claims;
  };
}

function forgetOldest(remembered: Map<string, Remembered>): void {
  for (const hash of remembered.keys()) {
    remembered.delete(hash);
    return;
  }
}
