import { expect, test } from 'vitest';
import { createFailureCounters } from '../../../src/accounts/failure-counters.ts';
import type { Limit } from '../../../src/accounts/throttle-limits.ts';

const LIMIT: Limit = { key: 'path', max: 20, ttlSeconds: 60, isCleared: true };

/** Counts as every engine does, and answers in a later turn. */
function openCounters(start: number): {
  readonly counters: ReturnType<typeof createFailureCounters>;
  readonly total: () => number;
} {
  let total = start;
  const count = async (_key: string, by: number): Promise<number> => {
    total += by;
    return total;
  };
  const state = { count } as unknown as Parameters<typeof createFailureCounters>[0];
  return { counters: createFailureCounters(state), total: () => total };
}

test.each([
  { start: 0, given: [1, 2] },
  { start: 3, given: [1, 2, 3] },
  { start: 5, given: [5, 5, 5, 5] },
  { start: 2, given: [7, 1, 1, 16, 3] },
])('successes at once leave nobody with failures: $start, $given', async ({ start, given }) => {
  const { counters, total } = openCounters(start);
  await Promise.all(given.map((by) => counters.giveBack(LIMIT, by)));
  expect(total()).toBe(0);
});

test('what failed and was not given back stays', async () => {
  const { counters, total } = openCounters(10);
  await Promise.all([1, 2, 3].map((by) => counters.giveBack(LIMIT, by)));
  expect(total()).toBe(4);
});
