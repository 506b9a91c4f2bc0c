import { describe, expect, test } from 'vitest';
import { createLatest } from '../../../src/revocation/latest.ts';

/** Work whose runs end when the test says so. */
function createWork() {
  const runs: PromiseWithResolvers<void>[] = [];
  const latest = createLatest(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  return { latest, runs };
}

describe('work of which one run is enough for everyone', () => {
  test('a call during a run waits for one that begins after it', async () => {
    const { latest, runs } = createWork();
    const first = latest.run();
    let isSecondDone = false;
    const second = latest.run().finally(() => {
      isSecondDone = true;
    });
    runs[0]?.resolve();
    await first;
    await expect.poll(() => runs.length).toBe(2);
    expect(isSecondDone).toBe(false);
    runs[1]?.resolve();
    await second;
  });

  test('all calls during a run share the next one', async () => {
    const { latest, runs } = createWork();
    const calls = [latest.run(), latest.run(), latest.run(), latest.run()];
    runs[0]?.resolve();
    await expect.poll(() => runs.length).toBe(2);
    runs[1]?.resolve();
    await Promise.all(calls);
    expect(runs).toHaveLength(2);
  });

  test('who joins is content with the run under way', async () => {
    const { latest, runs } = createWork();
    const calls = [latest.run(), latest.join()];
    runs[0]?.resolve();
    await Promise.all(calls);
    expect(runs).toHaveLength(1);
  });

  test('a run that failed tells its own callers only', async () => {
    const { latest, runs } = createWork();
    const first = latest.run();
    const second = latest.run();
    runs[0]?.reject(new Error('cut'));
    await expect(first).rejects.toThrow('cut');
    await expect.poll(() => runs.length).toBe(2);
    runs[1]?.resolve();
    await expect(second).resolves.toBeUndefined();
  });
});
