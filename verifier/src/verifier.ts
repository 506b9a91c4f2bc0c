import { createBindingCheck } from './binding.ts';
import { assertInTime, type AccessTokenClaims } from './claims.ts';
import { TokenInvalid, TokenRevoked } from './errors.ts';
import { createIssuer } from './issuer.ts';
import { createIssuerTime } from './issuer-time.ts';
import { createJwtReader } from './jwt-reader.ts';
import { createOpaqueTokens } from './opaque-tokens.ts';
import type { VerifierOptions } from './options.ts';
import type { Presentation } from './presentation.ts';
import { describeResource, type ProtectedResource } from './resource.ts';
import { createRevocationCheck, type VerifierStatus } from './revocation-check.ts';
import { settingsOf } from './settings.ts';

/** Verifies access tokens. Make one per API and keep it. */
export interface Verifier {
  /**
   * Without `presentation` a token that is bound to a key is refused.
   *
   * @throws {TokenInvalid} {TokenRevoked} {ProofInvalid} {RevocationUnknown} {IssuerUnavailable}
   */
  verify(token: string, presentation?: Presentation): Promise<AccessTokenClaims>;
  /** What clients are told of this API, if `resource` was given. */
  readonly resource: ProtectedResource | undefined;
  /** By which tokens and proofs may be signed. */
  readonly algorithms: readonly string[];
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
  clockAheadMs: 0,
  disconnects: 0,
  lastError: undefined,
};
const OPAQUE = /^[^.]+$/;

/** Begins to follow the feed of the issuer. @throws {TypeError} when the options contradict themselves. */
export function createVerifier(options: VerifierOptions): Verifier {
  const settings = settingsOf(options);
  const { clock, onEvent, revocation, opaqueTokens } = settings;
  const issuer = createIssuer(settings);
  const time = createIssuerTime(clock);
  const opaque = opaqueTokens && createOpaqueTokens(settings, issuer, opaqueTokens);
  const onMoved = (): void => opaque?.forget();
  const feed =
    revocation === false
      ? undefined
      : createRevocationCheck({ settings, issuer, time, onMoved }, revocation);
  const jwts = createJwtReader(settings, issuer);
  const binding = createBindingCheck(settings, time.nowMs);

  function assertNow(claims: AccessTokenClaims): void {
    const nowSeconds = Math.floor(time.nowMs() / 1000);
    assertInTime(claims, { nowSeconds, toleranceSeconds: settings.clockToleranceSeconds });
  }

  async function judge(token: string, presentation?: Presentation): Promise<AccessTokenClaims> {
    if (opaque !== undefined && OPAQUE.test(token)) {
      // What is kept is good as long as nothing was revoked, which only a feed that speaks can tell.
      if (feed?.isCurrent() === false) opaque.forget();
      const claims = await opaque.claims(token);
      assertNow(claims);
      await binding.check(token, claims, presentation);
      return claims;
    }
    const claims = jwts.known(token) ?? (await jwts.read(token));
    // Only what has to be waited for: most requests wait for nothing. The feed first, because it tells what time it is.
    const cleared = feed?.check(token, claims);
    if (cleared !== undefined) await cleared;
    assertNow(claims);
    const proven = binding.check(token, claims, presentation);
    if (proven !== undefined) await proven;
    return claims;
  }

  return {
    async verify(token, presentation) {
      const began = clock.monotonicMs();
      try {
        const claims = await judge(token, presentation);
        onEvent({ kind: 'verified', ms: clock.monotonicMs() - began });
        return claims;
      } catch (error) {
        onEvent({ kind: kindOf(error), ms: clock.monotonicMs() - began });
        throw error;
      }
    },
    resource: settings.resource && describeResource(settings.resource, settings),
    algorithms: settings.algorithms,
    status: () => feed?.status() ?? OFF,
    close: () => feed?.close(),
  };
}

function kindOf(error: unknown): 'revoked' | 'invalid' | 'unknown' {
  if (error instanceof TokenRevoked) return 'revoked';
  return error instanceof TokenInvalid ? 'invalid' : 'unknown';
}
