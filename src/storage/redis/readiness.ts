/** Whether a connection may be used, why not, and those who wait for it. */
export interface Readiness {
  isUp(): boolean;
  /** Why it is not up, or was not when it last went down. */
  trouble(): Error;
  up(): void;
  /** True if that is news: no such trouble was told since it was last up. */
  down(reason: Error): boolean;
  /** Waits until it is up; at once false if it has been down for longer than the limit already. */
  wait(limitMs: number): Promise<boolean>;
  /** Never up again; nobody waits any more. */
  end(): void;
}

export function createReadiness(): Readiness {
  const waiting = new Set<() => void>();
  let isUp = false;
  let isOver = false;
  let downSince = performance.now();
  let trouble = new Error('Redis has not answered yet');
  const told = new Set<string>();

  function wakeAll(): void {
    for (const wake of waiting) wake();
  }

  return {
    isUp: () => isUp,
    trouble: () => trouble,
    up() {
      if (isOver) return;
      isUp = true;
      told.clear();
      wakeAll();
    },
    down(reason) {
      if (isOver) return false;
      if (isUp) downSince = performance.now();
      isUp = false;
      trouble = reason;
      const isNews = !told.has(reason.message);
      told.add(reason.message);
      return isNews;
    },
    async wait(limitMs) {
      if (isUp || isOver || performance.now() - downSince > limitMs) return isUp;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      const timer = setTimeout(resolve, limitMs);
      await promise;
      clearTimeout(timer);
      waiting.delete(resolve);
      return isUp;
    },
    end() {
      isUp = false;
      isOver = true;
      trouble = new Error('it was closed');
      wakeAll();
    },
  };
}
