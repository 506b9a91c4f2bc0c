/** Work of which one run at a time is enough for everyone. */
export interface Latest {
  /** Resolves with a run that began at or after this call; calls that come during a run share the next one. */
  run(): Promise<void>;
  /** Resolves with the run that is under way, or a new one. */
  join(): Promise<void>;
}

/** Runs `work` for all who ask. */
export function createLatest(work: () => Promise<void>): Latest {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function join(): Promise<void> {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function afterRunning(): Promise<void> {
    await running?.catch(() => undefined); // Its own callers hear of it.
    // A run that someone else began in between serves the callers of this one as well.
    next = undefined;
    await join();
  }

  return {
    join,
    run() {
      if (running === undefined) return join();
      next ??= afterRunning();
      return next;
    },
  };
}
