import type { Clock } from './clock.ts';

/** A pause that can be cut short. A ring while nobody waits is not lost. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or after `seconds`; at once when it rang since the last wait. Rejects when aborted. */
  wait(seconds: number, signal: AbortSignal): Promise<void>;
}

export function createBell(clock: Clock): Bell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      hasRung = true;
      wake?.();
    },
    async wait(seconds, signal) {
      signal.throwIfAborted();
      const pause = new AbortController();
      const rung = new Promise<void>((resolve) => {
        wake = resolve;
        if (hasRung) resolve();
      });
      const sleeping = clock.sleep(seconds, AbortSignal.any([signal, pause.signal]));
      try {
        await Promise.race([rung, sleeping]);
      } finally {
        hasRung = false;
        wake = undefined;
        pause.abort();
        // Of the two it lost to the ring; its end is nobody's concern.
        sleeping.catch(() => undefined);
      }
    },
  };
}
