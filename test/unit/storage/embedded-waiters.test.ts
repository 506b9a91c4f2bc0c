import { describe, expect, test } from 'vitest';
import { createWaiters } from '../../../src/storage/embedded/waiters.ts';

describe('those who wait for the writer', () => {
  test('get the outcome of their own job', async () => {
    const waiters = createWaiters();
    const outcomes = Promise.allSettled([waiters.wait(1), waiters.wait(2)]);
    waiters.settle([
      { id: 2, fault: 'full', message: 'no room' },
      { id: 1, answer: 7 },
    ]);
    expect(await outcomes).toMatchObject([
      { status: 'fulfilled', value: 7 },
      { status: 'rejected', reason: { fault: 'full', message: 'no room' } },
    ]);
  });

  test('are told that nobody knows once they have waited too long, and not sooner', async () => {
    const waiters = createWaiters();
    const early = waiters.wait(1).catch((error: unknown) => error);
    await expect.poll(() => waiters.giveUp('too late', 20) ?? hasSettled(early)).toBe(true);
    expect(await early).toMatchObject({ fault: 'lost', message: 'too late' });
    const late = waiters.wait(2);
    waiters.giveUp('too late', 60_000);
    waiters.settle([{ id: 2, answer: 1 }]);
    expect(await late).toBe(1);
  });

  test('are not disturbed by an answer that comes after they were given up', async () => {
    const waiters = createWaiters();
    const given = waiters.wait(1).catch((error: unknown) => error);
    waiters.giveUp('gone');
    waiters.settle([{ id: 1, answer: 1 }]);
    expect(await given).toMatchObject({ fault: 'lost' });
  });

  test('are all gone when it is idle, which a new one can wait for', async () => {
    const waiters = createWaiters();
    await waiters.idle();
    const waiting = waiters.wait(1);
    const idle = waiters.idle();
    expect(await hasSettled(idle)).toBe(false);
    waiters.settle([{ id: 1, answer: 1 }]);
    await Promise.all([idle, waiting]);
  });
});

async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}
