import type { FeedMessage } from './feed-messages.ts';
import type { VerifierClock } from './options.ts';
import { elapsedMs, type Instant } from './pace.ts';

/** A word of the feed this much older than is expected is a recording that somebody plays again. */
const REPLAY_SECONDS = 60;
/**
 * As the time goes on, later words are expected, so that one that is played over and over is believed for two minutes and not for
 * ever. At half of the pace, so that an issuer whose clock is set back is believed again some day.
 */
const PACE = 0.5;

/** When the feed was heard, and who waits to hear it. */
export interface Hearing {
  /** @throws {Error} when the message is an old one: nothing of it may be believed. */
  assertNew(message: FeedMessage): void;
  /** The message was taken in. */
  hear(message: FeedMessage): void;
  /** Nothing is left to hear: we know the present, that of `since`. */
  know(since: Instant): void;
  /** Milliseconds since the feed had told all that it knew; Infinity: never yet. */
  silentForMs(): number;
  /** Milliseconds since this was first asked after the last word: how long somebody has been waiting for the next. */
  awaitedForMs(): number;
  /** Resolves at the next word of the feed, or after `ms`. */
  nextWord(ms: number): Promise<void>;
}

export function createHearing(clock: VerifierClock): Hearing {
  const waiting = new Set<() => void>();
  let heard: Instant | undefined;
  let awaitedSinceMs: number | undefined;
  let newest = { issuedAt: 0, heardMs: clock.monotonicMs() };

  const expectedAt = (): number =>
    newest.issuedAt + ((clock.monotonicMs() - newest.heardMs) / 1000) * PACE;

  return {
    assertNew({ issuedAt }) {
      if (issuedAt < expectedAt() - REPLAY_SECONDS) throw new Error('an old word of the feed');
    },

    hear({ issuedAt }) {
      if (issuedAt > expectedAt()) newest = { issuedAt, heardMs: clock.monotonicMs() };
    },

    know(since) {
      awaitedSinceMs = undefined;
      heard = since;
      for (const wake of waiting) wake();
    },

    silentForMs: () => (heard === undefined ? Infinity : elapsedMs(heard, clock)),

    awaitedForMs() {
      const nowMs = clock.monotonicMs();
      awaitedSinceMs ??= nowMs;
      return nowMs - awaitedSinceMs;
    },

    nextWord: (ms) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        waiting.add(wake);
      }),
  };
}
