import type { VerifierClock } from './options.ts';
import { elapsedMs, type Instant } from './pace.ts';

/** A difference of more than this says that one of two clocks is broken, and not which. */
const BELIEVED_MS = 900_000;

/** The time by the clock of the issuer, which dates its tokens. */
export interface IssuerTime {
  /** The feed was said to be of `sentMs` when it was `at` here. */
  hear(sentMs: number, at: Instant): void;
  /** Milliseconds since the epoch: by the issuer; by this clock until it has told, and where the two are further apart than is believed. */
  nowMs(): number;
  /** How far this clock is ahead of the issuer's; 0: not known. */
  aheadMs(): number;
}

export function createIssuerTime(clock: VerifierClock): IssuerTime {
  let told: { readonly sentMs: number; readonly at: Instant } | undefined;

  const toldMs = (): number =>
    told === undefined ? clock.wallMs() : told.sentMs + elapsedMs(told.at, clock);
  const aheadMs = (): number => clock.wallMs() - toldMs();

  return {
    hear(sentMs, at) {
      told = { sentMs, at };
    },
    nowMs: () => (Math.abs(aheadMs()) > BELIEVED_MS ? clock.wallMs() : toldMs()),
    aheadMs,
  };
}
