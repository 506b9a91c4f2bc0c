import type { Clock } from '../../src/runtime/clock.ts';

/** A clock that stands still until a test moves it; sleepers wake as their time comes. */
export interface FakeClock extends Clock {
  /** Moves time on (or back) by `seconds`, which may be a fraction. */
  advance(seconds: number): void;
  /** How many wait for a time to come. */
  sleeping(): number;
}

/** Starts in January 2027, so that nothing depends on the day of the test. */
export function createFakeClock(startSeconds = 1_800_000_000): FakeClock {
  const sleepers = new Map<() => void, number>();
  let nowMs = startSeconds * 1000;
  return {
    now: () => Math.floor(nowMs / 1000),
    nowMs: () => nowMs,
    sleep: (seconds, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        sleepers.set(resolve, nowMs + seconds * 1000);
        signal.addEventListener(
          'abort',
          () => {
            sleepers.delete(resolve);
            reject(signal.reason);
          },
          { once: true },
        );
      }),
    sleeping: () => sleepers.size,
    advance(seconds) {
      nowMs += seconds * 1000;
      for (const [wake, at] of sleepers) {
        if (at > nowMs) continue;
        sleepers.delete(wake);
        wake();
      }
    },
  };
}
