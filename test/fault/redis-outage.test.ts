import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test as base, vi } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import type { RedisSettings } from '../../src/storage/config.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { StateUnavailable, type State } from '../../src/storage/state.ts';
import { rounds } from '../support/counts.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { PATIENT_REDIS, redisSettings, startRedis, type TestRedis } from '../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { timeOf } from '../support/time-until.ts';

/** What the product promises: refused within a second, back within two. */
const REFUSED_WITHIN_MS = 1000;
const BACK_WITHIN_MS = 2000;
/** For a machine that does other things besides. */
const SLACK_MS = 500;
const TURN_MS = 10;
/** `expect.poll` does not know to which of several tests it belongs that run at once. */
const WAITING = { timeout: 60_000, interval: 20 };

/** What each test has for itself: most of what they take is waiting, so many wait at once. */
interface Place {
  readonly redis: TestRedis;
  readonly wire: TcpProxy;
  /** The state in `redis`, which is closed when the test is over. */
  readonly open: (url?: string, more?: Partial<RedisSettings>, logger?: Logger) => Promise<State>;
  readonly openThroughWire: (more?: Partial<RedisSettings>) => Promise<State>;
}

const test = base.extend<Place>({
  // oxlint-disable-next-line no-empty-pattern -- it asks for no other
  redis: async ({}, use) => {
    const redis = await startRedis({ port: 0 });
    await use(redis);
    await redis.stop();
  },
  wire: async ({ redis }, use) => {
    const wire = await startTcpProxy({ port: redis.port });
    await use(wire);
    await wire.close();
  },
  open: async ({ redis }, use) => {
    const opened: State[] = [];
    await use(async (url = redis.url, more = {}, logger = createRecordingLogger().logger) => {
      const state = await openRedisState(redisSettings(url, more), { clock: systemClock, logger });
      opened.push(state);
      return state;
    });
    await Promise.all(opened.map((state) => state.close()));
  },
  openThroughWire: async ({ wire, open }, use) => {
    await use((more) => open(`redis://127.0.0.1:${wire.port}/0`, more));
  },
});

async function timed(act: () => Promise<unknown>): Promise<{ ms: number; error: unknown }> {
  let error: unknown;
  const ms = await timeOf(() =>
    act().catch((reason: unknown) => {
      error = reason;
    }),
  );
  return { ms, error };
}

/** On a busy machine Redis is joined some time after the state has opened. */
async function joined(state: State): Promise<void> {
  await vi.waitFor(() => state.get('joined'), WAITING);
}

/** So many milliseconds at least, in which this process came to do what was due, whatever else the machine did. */
async function haveRun(ms: number): Promise<void> {
  for (let turn = 0; turn < ms / TURN_MS; turn += 1) await delay(TURN_MS);
}

/** Every verb once, on names of its own. */
function everyVerb(state: State): Promise<{ ms: number; error: unknown }>[] {
  const acts: (() => Promise<unknown>)[] = [
    () => state.get('k'),
    () => state.getMany(['k', 'l']),
    () => state.put('put', 1),
    () => state.put('essential', 1, { essential: true }),
    () => state.swap('swap', undefined, 1),
    () => state.delete('delete'),
    () => state.count('count', 1, 60),
    () => state.count('count', 0, 60),
    () => state.add('set', 'm', systemClock.now() + 60),
    () => state.remove('set', 'm'),
    () => state.list('set'),
    () => state.append('log', ['a']),
    () => state.readLog('log', 0, 9),
    () => state.trimLog('log', 1),
    () => state.notify('topic'),
    () => state.subscribe('topic', () => undefined),
  ];
  return acts.map(timed);
}

/** A state whose Redis does not answer is there as soon as one whose Redis does. */
async function openedInTime(open: () => Promise<State>): Promise<State> {
  const opening = open();
  expect(await timeOf(() => opening)).toBeLessThan(REFUSED_WITHIN_MS + SLACK_MS);
  return await opening;
}

async function expectRefused(state: State): Promise<void> {
  for (const { ms, error } of await Promise.all(everyVerb(state))) {
    expect(error).toBeInstanceOf(StateUnavailable);
    expect(ms).toBeLessThan(REFUSED_WITHIN_MS + SLACK_MS);
  }
  expect((await state.health()).ok).toBe(false);
}

async function expectBack(state: State): Promise<void> {
  const errorsOfAll = async (): Promise<unknown[]> =>
    (await Promise.all(everyVerb(state))).map(({ error }) => error).filter(Boolean);
  const backMs = await timeOf(() =>
    vi.waitFor(async () => expect(await errorsOfAll()).toEqual([]), WAITING),
  );
  expect(backMs).toBeLessThan(BACK_WITHIN_MS + SLACK_MS);
  expect((await state.health()).ok).toBe(true);
}

// Alone: it is work indeed.
describe('a Redis that dies in the middle of the work', () => {
  test('gives nothing but refusals, and all that was acknowledged is kept', async ({
    redis,
    open,
  }) => {
    const state = await open();
    const acknowledged: number[] = [];
    const faults: unknown[] = [];
    const count = rounds(500, 5000);
    let next = 0;
    const work = async (): Promise<void> => {
      while (faults.length === 0 && next < 100 * count) {
        const n = (next += 1);
        const { error } = await timed(() => state.swap(`w${n}`, undefined, n));
        if (error === undefined) acknowledged.push(n);
        else faults.push(error);
        if (acknowledged.length === count) await redis.kill();
      }
    };
    await Promise.all(Array.from({ length: 32 }, work));
    expect(acknowledged.length).toBeGreaterThanOrEqual(count);
    for (const fault of faults) expect(fault).toBeInstanceOf(StateUnavailable);
    await redis.restart();
    await expectBack(state);
    const held = await state.getMany(acknowledged.map((n) => `w${n}`));
    expect(held.map((entry) => entry?.value)).toEqual(acknowledged);
  });
});

describe.concurrent('a Redis that is not there', () => {
  test('at the start: the state opens, refuses every verb, and joins when Redis comes', async ({
    redis,
    open,
  }) => {
    await redis.kill();
    const state = await openedInTime(open);
    await expectRefused(state);
    await redis.restart();
    await expectBack(state);
  });

  test('for a while: every verb is refused at once, and works again soon after', async ({
    redis,
    open,
  }) => {
    const state = await open();
    await joined(state);
    await state.put('k', 1);
    await redis.kill();
    await delay(1000);
    const { ms } = await timed(() => state.get('k'));
    expect(ms).toBeLessThan(50 + SLACK_MS);
    await expectRefused(state);
    await redis.restart();
    await expectBack(state);
    expect((await state.get('k'))?.value).toBe(1);
  });

  test('for a blink: nobody notices', async ({ wire, openThroughWire }) => {
    const state = await openThroughWire(PATIENT_REDIS);
    await joined(state);
    await state.put('k', 1);
    for (let n = 0; n < 5; n += 1) {
      wire.cut();
      expect((await state.get('k'))?.value).toBe(1);
    }
  });
});

describe.concurrent('a Redis that gives no answer', () => {
  test('behind a wire that swallows everything: refused in time, and back in time', async ({
    wire,
    openThroughWire,
  }) => {
    const state = await openThroughWire();
    await joined(state);
    await state.put('k', 1);
    wire.blackHole();
    await expectRefused(state);
    await wire.heal();
    await expectBack(state);
  });

  test('from the start: the state opens all the same', async ({ wire, openThroughWire }) => {
    wire.blackHole();
    const state = await openedInTime(openThroughWire);
    await expectRefused(state);
    await wire.heal();
    await expectBack(state);
  });

  test('because it still reads its data: the state opens without it, and joins when it is done', async ({
    redis,
    open,
  }) => {
    let isLoading = true;
    const loading = await startTcpProxy(
      { port: redis.port },
      { reply: (bytes) => (isLoading ? bytes.replace('\nloading:0', '\nloading:1') : bytes) },
    );
    const state = await openedInTime(() => open(`redis://127.0.0.1:${loading.port}/0`));
    await expectRefused(state);
    isLoading = false;
    await expectBack(state);
    await loading.close();
  });

  test('because it is busy: refused in time, and back in time', async ({ redis, open }) => {
    const state = await open();
    await joined(state);
    await state.put('k', 1);
    process.kill(redis.pid, 'SIGSTOP');
    await expectRefused(state).finally(() => process.kill(redis.pid, 'SIGCONT'));
    await expectBack(state);
  });

  test('for half a second each time is waited for', async ({ wire, openThroughWire }) => {
    const state = await openThroughWire({ commandTimeoutMs: 1000 });
    await joined(state);
    await state.subscribe('warm', () => undefined);
    wire.delay(500);
    for (const { ms, error } of await Promise.all(everyVerb(state))) {
      expect(error).toBeUndefined();
      expect(ms).toBeLessThan(1000);
    }
    const { ms } = await timed(() =>
      Promise.all(Array.from({ length: 200 }, (_, n) => state.put(`k${n}`, n))),
    );
    expect(ms).toBeLessThan(500 + SLACK_MS);
  });

  test('while nobody asks is found out before anybody does', async ({ wire, openThroughWire }) => {
    const state = await openThroughWire();
    wire.blackHole();
    await haveRun(2000);
    const { ms, error } = await timed(() => state.get('k'));
    expect(error).toBeInstanceOf(StateUnavailable);
    expect(ms).toBeLessThan(50 + SLACK_MS);
  });
});

describe.concurrent('a Redis that changes', () => {
  test('into a replica takes nothing until it is a master again', async ({ redis, open }) => {
    const state = await open();
    await joined(state);
    await state.put('k', 1);
    await redis.execute('REPLICAOF', '127.0.0.1', '1');
    await expect(state.put('k', 2)).rejects.toThrow(StateUnavailable);
    await vi.waitFor(
      async () =>
        expect(await state.health()).toMatchObject({
          ok: false,
          remarks: [expect.stringContaining('replica')],
        }),
      WAITING,
    );
    await expect(state.get('k')).rejects.toThrow(StateUnavailable);
    await redis.execute('REPLICAOF', 'NO', 'ONE');
    await expectBack(state);
  });

  test('by forgetting its scripts is told them again', async ({ redis, open }) => {
    const state = await open(redis.url, PATIENT_REDIS);
    await state.count('c', 1, 60);
    await redis.execute('SCRIPT', 'FLUSH');
    const sums = await Promise.all(Array.from({ length: 8 }, () => state.count('c', 1, 60)));
    expect(sums.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('by a restart is told to the operator', async ({ redis, open }) => {
    const { logger, lines } = createRecordingLogger();
    const state = await open(redis.url, {}, logger);
    await redis.restart();
    await expectBack(state);
    const events = lines.map(({ fields }) => fields.event);
    expect(events).toEqual(
      expect.arrayContaining(['redis.ready', 'redis.trouble', 'redis.replaced']),
    );
    const reasons = lines.map(({ fields }) => fields['reason']).filter(Boolean);
    expect(new Set(reasons).size).toBe(reasons.length);
  });
});

describe.concurrent('subscriptions', () => {
  test('hear when they may have missed something, and hear on', async ({
    wire,
    open,
    openThroughWire,
  }) => {
    const state = await openThroughWire();
    const other = await open();
    const heard = { topic: 0, other: 0 };
    await state.subscribe('topic', () => (heard.topic += 1));
    const end = await state.subscribe('other', () => (heard.other += 1));
    await end();
    await wire.refuse();
    await other.notify('topic');
    await delay(100);
    expect(heard.topic).toBe(0);
    await wire.heal();
    await vi.waitFor(() => expect(heard.topic).toBe(1), WAITING);
    await other.notify('topic');
    await vi.waitFor(() => expect(heard.topic).toBe(2), WAITING);
    expect(heard.other).toBe(0);
  });

  test('hear after a silence that swallowed the connection without a word', async ({
    wire,
    openThroughWire,
  }) => {
    const state = await openThroughWire();
    let heard = 0;
    await state.subscribe('topic', () => (heard += 1));
    wire.blackHole();
    await haveRun(1500);
    await wire.heal();
    await vi.waitFor(() => expect(heard).toBe(1), WAITING);
  });
});
