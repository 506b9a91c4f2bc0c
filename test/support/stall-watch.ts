const EVERY_MS = 10;

/** How long this machine stood still, as a process of its own notices: what no program on it could have done better. */
export interface StallWatch {
  /** Milliseconds between two instants of `performance.now()` for which a timer that was due did not run. */
  between(fromMs: number, toMs: number): number;
  stop(): void;
}

export function startStallWatch(): StallWatch {
  const stalls: { readonly fromMs: number; readonly toMs: number }[] = [];
  let dueMs = performance.now() + EVERY_MS;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    if (nowMs > dueMs + EVERY_MS) stalls.push({ fromMs: dueMs, toMs: nowMs });
    dueMs = nowMs + EVERY_MS;
  }, EVERY_MS);
  return {
    between: (fromMs, toMs) =>
      stalls.reduce(
        (sum, stall) =>
          sum + Math.max(0, Math.min(stall.toMs, toMs) - Math.max(stall.fromMs, fromMs)),
        0,
      ),
    stop: () => clearInterval(timer),
  };
}
