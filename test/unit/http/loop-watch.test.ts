import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLoopWatch } from '../../../src/http/loop-watch.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** One window of the watch in which the loop stood still for `ms`. */
async function windowWith(ms: number): Promise<void> {
  await delay(60);
  const until = performance.now() + ms;
  while (performance.now() < until);
  await delay(60);
  vi.advanceTimersByTime(1000);
}

test('a loop that is late in five windows in a row is blocked, until one in which it is not', async () => {
  const watch = createLoopWatch();
  for (let count = 0; count < 4; count += 1) await windowWith(400);
  expect(watch.isBlocked()).toBe(false);
  expect(watch.delaySeconds()).toBeGreaterThan(0.2);
  await windowWith(400);
  expect(watch.isBlocked()).toBe(true);
  vi.advanceTimersByTime(1000);
  expect(watch.isBlocked()).toBe(false);
  watch.close();
});
