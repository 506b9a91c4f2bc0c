import { expect, test } from 'vitest';
import { createBoundedQueue } from '../../../src/accounts/bounded-queue.ts';

test('no more jobs run at once than allowed, each gets its turn in order, and the rest are turned away', async () => {
  const queue = createBoundedQueue({ running: 2, waiting: 3 });
  const doors: PromiseWithResolvers<void>[] = [];
  const begun: number[] = [];
  const answers = [0, 1, 2, 3, 4, 5, 6].map((job) =>
    queue.run(async () => {
      begun.push(job);
      const door = Promise.withResolvers<void>();
      doors.push(door);
      await door.promise;
      return job;
    }),
  );
  expect(begun).toEqual([0, 1]);
  expect(queue.waiting()).toBe(3);
  expect(await Promise.all([answers[5], answers[6]])).toEqual([undefined, undefined]);

  while (doors.length > 0) {
    doors.shift()?.resolve();
    await new Promise(setImmediate);
  }
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(await Promise.all(answers.slice(0, 5))).toEqual([0, 1, 2, 3, 4]);
});

test('a job that fails gives its place to the next', async () => {
  const queue = createBoundedQueue({ running: 1, waiting: 1 });
  const failing = queue.run(async () => await Promise.reject(new Error('no')));
  const next = queue.run(async () => 'next');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('next');
  expect(await queue.run(async () => 'last')).toBe('last');
});

test('a place that falls free is not taken twice', async () => {
  const queue = createBoundedQueue({ running: 1, waiting: 10 });
  let running = 0;
  let most = 0;
  const job = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
  };
  const first = queue.run(job);
  const waiting = [queue.run(job), queue.run(job)];
  await first;
  await Promise.all([...waiting, queue.run(job)]);
  expect(most).toBe(1);
});
