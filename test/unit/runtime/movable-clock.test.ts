import { afterEach, describe, expect, test } from 'vitest';
import { createMovableClock, type MovableClock } from '../../../src/runtime/clock.ts';
import { openMovableClock } from '../../../src/dev/open-movable-clock.ts';

const DAY_MS = 86_400_000;
const EMBEDDED = { state: { engine: 'embedded' }, records: { engine: 'embedded' } };
const MACHINE_DATE = Date;

let clock: MovableClock | undefined;
afterEach(() => {
  clock?.close();
  clock = undefined;
});

describe('a movable clock', () => {
  test('leaves Date alone until it is put forward, and gives it back', async () => {
    clock = createMovableClock();
    expect(Date).toBe(MACHINE_DATE);
    await clock.advance(DAY_MS);
    expect(Date).not.toBe(MACHINE_DATE);
    clock.close();
    expect(Date).toBe(MACHINE_DATE);
  });

  test('moves every way to ask Date for the time, and nothing else of it', async () => {
    clock = createMovableClock();
    const before = MACHINE_DATE.now();
    await clock.advance(DAY_MS);
    for (const told of [
      Date.now(),
      new Date().getTime(),
      clock.nowMs(),
      MACHINE_DATE.parse(Date()),
    ])
      expect(told - before).toBeGreaterThanOrEqual(DAY_MS - 1000);
    expect(new Date(5).getTime()).toBe(5);
    expect(new Date(2020, 0, 1).getFullYear()).toBe(2020);
    expect(new Date()).toBeInstanceOf(MACHINE_DATE);
    expect(new MACHINE_DATE()).toBeInstanceOf(Date);
    expect(performance.now()).toBeLessThan(DAY_MS);
  });

  test('wakes whoever sleeps as their time comes, and waits until they sleep again', async () => {
    clock = createMovableClock();
    const { signal } = new AbortController();
    const rounds: number[] = [];
    const sleep = (): Promise<void> => clock?.sleep(60, signal) ?? Promise.resolve();
    void (async () => {
      for (;;) {
        await sleep();
        rounds.push(clock?.now() ?? 0);
      }
    })();
    const late = clock.sleep(3600, signal).then(() => rounds.push(-1));
    await clock.advance(30_000);
    expect(rounds).toHaveLength(0);
    await clock.advance(31_000);
    expect(rounds).toHaveLength(1);
    await clock.advance(3600_000);
    await late;
    expect(rounds).toContain(-1);
  });

  test('lets a sleeper go whose signal is aborted', async () => {
    clock = createMovableClock();
    const stop = new AbortController();
    const sleeping = clock.sleep(60, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.sleep(60, stop.signal)).rejects.toThrow('enough');
  });

  test('does not go back, and is one to a process', async () => {
    clock = createMovableClock();
    await expect(clock.advance(-1)).rejects.toThrow(TypeError);
    await clock.advance(1);
    expect(() => createMovableClock()).toThrow(TypeError);
  });

  test('begins anew at another time for a house that remembers nothing', async () => {
    clock = createMovableClock();
    await clock.advance(3600_000);
    clock.beginAt(1000);
    expect(clock.aheadMs()).toBe(1000);
    const told = [Date.now(), clock.nowMs(), Date.now()];
    expect(told).toEqual(told.toSorted((one, other) => one - other));
    clock.beginAt(0);
    expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(5000);
  });

  test('is there in the dev profile on the embedded engine alone', () => {
    expect(openMovableClock({ profile: 'production', storage: EMBEDDED })).toBeUndefined();
    const redis = { ...EMBEDDED, state: { engine: 'redis' } };
    expect(openMovableClock({ profile: 'dev', storage: redis })).toBeUndefined();
    expect(openMovableClock({ profile: 'dev', storage: EMBEDDED })).toBeDefined();
  });
});
