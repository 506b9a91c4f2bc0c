import type { FeedMessage } from './feed-messages.ts';
import type { VerifierClock } from './options.ts';

/** The feed tells seconds without fractions. */
const RESOLUTION_SECONDS = 1;

/** Beyond the second in which the feed speaks; less, and each word would be overdue. */
const OVERDUE_MS_MIN = 1250;

/** Milliseconds after a word at which the next one is overdue: half of the silence that is borne. */
export function overdueAfterMs(silentAfterMs: number): number {
  return Math.min(silentAfterMs, Math.max(silentAfterMs / 2, OVERDUE_MS_MIN));
}

/** An instant by both clocks: one stands still while the machine sleeps, the other can be set. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function instantOf(clock: VerifierClock): Instant {
  return { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
}

/** By the clock that went further. */
export function elapsedMs(since: Instant, clock: VerifierClock): number {
  return Math.max(clock.monotonicMs() - since.monotonicMs, clock.wallMs() - since.wallMs);
}

/** Tells words of now from those that lay somewhere, in one connection. */
export interface Pace {
  /**
   * Undefined: the word may have waited to be read, while this process slept or something between was stuck, and what it calls
   * the present is the past. Else since when at the latest it knows.
   */
  knownSince(message: FeedMessage): Instant | undefined;
}

/** Begins when a connection is asked for: its first word is said after that, whenever it arrives. */
export function createPace(clock: VerifierClock, lateMs: number): Pace {
  const asked = instantOf(clock);
  let last = asked;
  let first: { readonly issuedAt: number; readonly monotonicMs: number } | undefined;

  return {
    knownSince({ issuedAt }) {
      const gapMs = elapsedMs(last, clock);
      last = instantOf(clock);
      const { monotonicMs } = last;
      if (first === undefined) {
        first = { issuedAt, monotonicMs };
        return asked;
      }
      const lagMs = monotonicMs - first.monotonicMs - (issuedAt - first.issuedAt) * 1000;
      const isOfNow = gapMs <= lateMs && lagMs <= lateMs + RESOLUTION_SECONDS * 1000;
      return isOfNow ? last : undefined;
    },
  };
}
