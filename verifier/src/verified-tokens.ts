import type { AccessTokenClaims } from './claims.ts';

/** A key that the issuer withdraws is not trusted longer than this because of what it signed before. */
const KEPT_MS = 60_000;

/** Tokens whose signature was found good: most are seen again. What can change (time, revocation) is not kept. */
export interface VerifiedTokens {
  get(token: string): AccessTokenClaims | undefined;
  set(token: string, claims: AccessTokenClaims): void;
  size(): number;
}

/** At most `max`; the oldest makes room. Empty again whenever `keysFetched` gives another number. */
export function createVerifiedTokens(options: {
  readonly max: number;
  readonly keysFetched: () => number;
  readonly monotonicMs: () => number;
}): VerifiedTokens {
  const { max, keysFetched, monotonicMs } = options;
  const kept = new Map<string, { readonly claims: AccessTokenClaims; readonly untilMs: number }>();
  let keys = 0;

  return {
    get(token) {
      if (keysFetched() !== keys) {
        keys = keysFetched();
        kept.clear();
      }
      const known = kept.get(token);
      return known !== undefined && monotonicMs() < known.untilMs ? known.claims : undefined;
    },
    set(token, claims) {
      if (max === 0) return;
      // Put in anew, it is the newest: a Map gives its keys in the order they came.
      kept.delete(token);
      for (const oldest of kept.keys()) {
        if (kept.size < max) break;
        kept.delete(oldest);
      }
      kept.set(token, { claims, untilMs: monotonicMs() + KEPT_MS });
    },
    size: () => kept.size,
  };
}
