import { expect, test } from 'vitest';
import { createCheckpoints } from '../../../src/dev/checkpoints.ts';
import { createPlannedFaults } from '../../../src/http/planned-faults.ts';
import { createSeededStreams } from '../../../src/runtime/seeded-streams.ts';

/** Storage and rooms that tell what is done with them. */
function createStage(): Parameters<typeof createCheckpoints>[0] & { readonly told: string[] } {
  const told: string[] = [];
  const tell = (what: string) => async (name?: string) =>
    void told.push(name === undefined ? what : `${what} ${name}`);
  return {
    told,
    storage: { keep: tell('keep'), bringBack: tell('bring back'), forget: tell('forget') },
    clock: { aheadMs: () => 5000, beginAt: (ms) => void told.push(`clock ${ms}`) },
    faults: createPlannedFaults(),
    async follow(work) {
      told.push('end');
      await work();
      told.push('begin');
    },
  };
}

test('a moment comes back between the end of the old rooms and the beginning of new ones, with its time', async () => {
  const stage = createStage();
  const checkpoints = createCheckpoints(stage);
  await checkpoints.begin();
  expect(await checkpoints.take()).toBe('1');
  stage.faults.plan({ path: '/token', times: 1, answer: undefined, delayMs: 1 });
  await Promise.all([checkpoints.restore('1'), checkpoints.reset()]);
  expect(stage.told).toEqual([
    'keep start',
    'keep 1',
    'end',
    'bring back 1',
    'clock 5000',
    'begin',
    'end',
    'bring back start',
    'clock 5000',
    'begin',
  ]);
  expect(stage.faults.list()).toEqual([]);
});

test('a moment brings back where the streams of the seed were', async () => {
  const stage = createStage();
  const streams = createSeededStreams('shop');
  const checkpoints = createCheckpoints({ ...stage, streams });
  streams.draw('key', 3);
  await checkpoints.begin();
  const next = streams.draw('key', 5);
  const moment = await checkpoints.take();
  const later = streams.draw('key', 40);
  await checkpoints.restore(moment);
  expect(streams.draw('key', 40)).toEqual(later);
  await checkpoints.reset();
  expect(streams.draw('key', 5)).toEqual(next);
});

test('the newest 20 are kept, and the start', async () => {
  const checkpoints = createCheckpoints(createStage());
  await checkpoints.begin();
  for (let count = 0; count < 21; count += 1) await checkpoints.take();
  expect(await checkpoints.restore('1')).toBe(false);
  expect(await checkpoints.restore('2')).toBe(true);
  expect(await checkpoints.restore('21')).toBe(true);
  expect(await checkpoints.restore('start')).toBe(false);
  await expect(checkpoints.reset()).resolves.toBeUndefined();
});
