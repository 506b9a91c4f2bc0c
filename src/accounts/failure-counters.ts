import type { State } from '../storage/state.ts';
import type { Limit } from './throttle-limits.ts';

/** A limit, and its count with this attempt in it. */
export interface Counted {
  readonly limit: Limit;
  readonly count: number;
}

/** Counters of failures, each under its limit. */
export interface FailureCounters {
  read(limit: Limit): Promise<number>;
  /** Adds one attempt to each. */
  countAll(limits: readonly Limit[]): Promise<readonly Counted[]>;
  /** Takes `by` off, but never to below nothing. */
  giveBack(limit: Limit, by: number): Promise<void>;
  giveBackOne(counted: readonly Counted[]): Promise<void>;
}

/** Counters in `state`, so that all nodes count as one. */
export function createFailureCounters(state: State): FailureCounters {
  const add = ({ key, ttlSeconds }: Limit, by: number): Promise<number> =>
    state.count(key, by, ttlSeconds);

  async function giveBack(limit: Limit, by: number): Promise<void> {
    if (by <= 0) return;
    const left = await add(limit, -by);
    // Two successes at once may both give back what failed before them: nobody gets credit for that. Each takes back
    // no more than it gave, or together they would count failures that nobody made.
    if (left < 0) await add(limit, Math.min(by, -left));
  }

  return {
    read: (limit) => add(limit, 0),
    countAll: (limits) =>
      Promise.all(limits.map(async (limit) => ({ limit, count: await add(limit, 1) }))),
    giveBack,
    async giveBackOne(counted) {
      await Promise.all(counted.map(({ limit }) => giveBack(limit, 1)));
    },
  };
}
