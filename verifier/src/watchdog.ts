/** Aborts its signal unless it is put off in time. */
export interface Watchdog {
  readonly signal: AbortSignal;
  putOff(ms: number): void;
  end(): void;
}

/** `ms`: how long it waits first. */
export function createWatchdog(ms: number): Watchdog {
  const controller = new AbortController();
  const bite = (): void => controller.abort(new Error('the feed fell silent'));
  let timer = setTimeout(bite, ms);
  return {
    signal: controller.signal,
    putOff(moreMs) {
      clearTimeout(timer);
      timer = setTimeout(bite, moreMs);
    },
    end: () => clearTimeout(timer),
  };
}
