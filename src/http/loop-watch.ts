import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Watches for work that blocks the event loop, and with it every request. */
export interface LoopWatch {
  /** The 99th percentile of the last full second, in seconds. */
  delaySeconds(): number;
  /** Whether it has been over the limit for as long as is tolerated. */
  isBlocked(): boolean;
  close(): void;
}

/** A timer that fires so often, day and night: what it costs is most of what this watch does. */
const RESOLUTION_MS = 50;
const WINDOW_MS = 1000;
const NANOSECONDS = 1e9;
const DELAY_MAX_SECONDS = 0.2;
const WINDOWS_TOLERATED = 5;

/** Blocked: over 200 ms in each of 5 seconds in a row. */
export function createLoopWatch(): LoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delay = 0;
  let windowsOver = 0;
  const timer = setInterval(() => {
    // An idle second may hold no sample at all. What is measured includes the sampling interval.
    const measured = histogram.count > 0 ? histogram.percentile(99) / NANOSECONDS : 0;
    delay = Math.max(0, measured - RESOLUTION_MS / 1000);
    windowsOver = delay > DELAY_MAX_SECONDS ? windowsOver + 1 : 0;
    histogram.reset();
  }, WINDOW_MS).unref();
  return {
    delaySeconds: () => delay,
    isBlocked: () => windowsOver >= WINDOWS_TOLERATED,
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
