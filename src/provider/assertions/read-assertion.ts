import { decodeJwt, errors as jose, jwtVerify, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../runtime/clock.ts';
import type { TrustedIssuer } from '../features/jwt-bearer.ts';
import type { IssuerKeys } from './issuer-keys.ts';

/** Clocks of issuers may differ from ours by so much. */
const TOLERANCE_SECONDS = 15;
/** What else an issuer signs (access tokens, events, logout tokens) must not pass for an assertion. */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'authorization-grant+jwt']);

const text = z.string().min(1);
const claims = z.object({
  sub: text,
  jti: text,
  // One that others would take as well could be one that they were given, and pass on.
  aud: z.union([text, z.tuple([text])]),
  iat: z.number(),
  exp: z.number(),
  email: text.optional().catch(undefined),
  email_verified: z.unknown().optional(),
});

/** An assertion that is whole, in time, for us and of an issuer that is trusted (RFC 7523 section 3). */
export interface Assertion {
  readonly issuer: TrustedIssuer;
  readonly subject: string;
  /** The address that the issuer has verified. */
  readonly email: string | undefined;
  readonly jti: string;
  /** NumericDate. */
  readonly madeAt: number;
  /** From then on it is refused anyway. */
  readonly rememberUntil: number;
}

/**
 * Undefined: it is not good, whatever the reason.
 *
 * @throws {IssuerKeysUnavailable}
 */
export type ReadAssertion = (value: string) => Promise<Assertion | undefined>;

/** `audiences`: names of ours, of which an assertion has exactly one for its `aud`. */
export function createReadAssertion(options: {
  readonly issuers: readonly TrustedIssuer[];
  readonly issuerKeys: IssuerKeys;
  readonly audiences: readonly string[];
  readonly clock: Clock;
}): ReadAssertion {
  const { issuers, issuerKeys, audiences, clock } = options;
  const trusted = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));

  async function verify(value: string, issuer: TrustedIssuer): Promise<JWTPayload | undefined> {
    const keys = issuerKeys.get(issuer.issuer);
    if (keys === undefined) return undefined;
    const { payload, protectedHeader } = await jwtVerify(value, keys, {
      issuer: issuer.issuer,
      audience: [...audiences],
      algorithms: [...issuer.algorithms],
      requiredClaims: ['sub', 'exp', 'iat', 'jti'],
      // Neither older than that, nor of the future.
      maxTokenAge: issuer.maxLifetime,
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(clock.now() * 1000),
    });
    return TYPES.has(protectedHeader.typ?.toLowerCase()) ? payload : undefined;
  }

  return async (value) => {
    try {
      const issuer = trusted.get(decodeJwt(value).iss ?? '');
      const payload = issuer && (await verify(value, issuer));
      return issuer && payload && assertionOf(payload, issuer);
    } catch (error) {
      if (error instanceof jose.JOSEError) return undefined;
      throw error;
    }
  };
}

function assertionOf(payload: JWTPayload, issuer: TrustedIssuer): Assertion | undefined {
  const { data } = claims.safeParse(payload);
  if (data === undefined || data.exp - data.iat > issuer.maxLifetime) return undefined;
  return {
    issuer,
    subject: data.sub,
    email: data.email_verified === true ? data.email : undefined,
    jti: data.jti,
    madeAt: data.iat,
    rememberUntil: data.exp + TOLERANCE_SECONDS,
  };
}
