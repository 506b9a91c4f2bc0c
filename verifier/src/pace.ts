import type { BatchMessage } from './feed-messages.ts';
import type { VerifierClock } from './options.ts';

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
  knownSince(message: Pick<BatchMessage, 'sentMs'>): Instant | undefined;
}

/** Begins when a connection is asked for: its first word is said after that, whenever it arrives. `lateMs`: how late a word may be. */
export function createPace(clock: VerifierClock, lateMs: () => number): Pace {
  const asked = instantOf(clock);
  let last = asked;
  let first: { readonly sentMs: number; readonly monotonicMs: number } | undefined;

  return {
    knownSince({ sentMs }) {
      const gapMs = elapsedMs(last, clock);
      last = instantOf(clock);
      const { monotonicMs } = last;
      if (first === undefined) {
        first = { sentMs, monotonicMs };
        return asked;
      }
      const lagMs = monotonicMs - first.monotonicMs - (sentMs - first.sentMs);
      return gapMs <= lateMs() && lagMs <= lateMs() ? last : undefined;
    },
  };
}
