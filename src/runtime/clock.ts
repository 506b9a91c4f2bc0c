import { setTimeout as delay } from 'node:timers/promises';

/** Where every room reads the time, so that a test can move it. */
export interface Clock {
  /** Whole seconds since the epoch (a NumericDate, RFC 7519 section 2). */
  now(): number;
  /** Milliseconds since the epoch, for what needs more than a NumericDate. */
  nowMs(): number;
  /** Resolves after `seconds`; rejects with the signal's reason when aborted. */
  sleep(seconds: number, signal: AbortSignal): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  nowMs: () => Date.now(),
  sleep: (seconds, signal) => delay(seconds * 1000, undefined, { signal }),
};
