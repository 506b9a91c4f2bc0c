/** Lets a bounded number of jobs run at once, a bounded number wait, and turns the rest away. */
export interface BoundedQueue {
  /** The answer of `job`; undefined when so many are waiting that it was not begun. */
  run<T>(job: () => Promise<T>): Promise<T | undefined>;
  /** How many wait for their turn. */
  waiting(): number;
}

/** `running` and `waiting` bound what runs and what waits at once. */
export function createBoundedQueue(limits: {
  readonly running: number;
  readonly waiting: number;
}): BoundedQueue {
  const turns: (() => void)[] = [];
  let running = 0;

  async function run<T>(job: () => Promise<T>): Promise<T | undefined> {
    if (running >= limits.running) {
      if (turns.length >= limits.waiting) return undefined;
      // Whoever ends hands its place over, so that nobody new slips in between.
      await new Promise<void>((resolve) => turns.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await job();
    } finally {
      const next = turns.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return { run, waiting: () => turns.length };
}
