import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';

/** A statement that was just built is written by then, unless the records are held up; then the next look finds it. */
const WRITTEN_WITHIN_SECONDS = 0.25;

/** Tells the post of every node that there is something to look at. It only hastens: the post also looks by itself. */
export interface Waker {
  now(): Promise<void>;
  /** As soon as what was queued should be written; once for all that is queued until then. */
  soon(): void;
  /** At once, if one was still to come. */
  close(): Promise<void>;
}

export function createWaker(options: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly wake: () => Promise<void>;
}): Waker {
  const { clock, logger, wake } = options;
  const stop = new AbortController();
  let isDue = false;

  async function now(): Promise<void> {
    isDue = false;
    try {
      await wake();
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      logger.debug(
        { event: 'mail.not_announced', error: cause },
        'the post hears of a letter by its next look',
      );
    }
  }

  return {
    now,
    soon() {
      if (isDue || stop.signal.aborted) return;
      isDue = true;
      // Rejects only when closed, which wakes by itself.
      clock.sleep(WRITTEN_WITHIN_SECONDS, stop.signal).then(now, () => undefined);
    },
    async close() {
      stop.abort();
      if (isDue) await now();
    },
  };
}
