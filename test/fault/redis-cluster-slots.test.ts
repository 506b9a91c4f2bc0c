import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { slotOf } from '../../src/storage/redis/slots.ts';
import type { State } from '../../src/storage/state.ts';
import { rounds } from '../support/counts.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { startCluster, type TestCluster } from '../support/redis-cluster.ts';
import { redisSettings, type TestRedis } from '../support/redis.ts';
import { measured } from './support/report.ts';

const NODES = 2;
const MOVES = rounds(2, 30);
/** Beside each key, so that its slot takes a while to move. */
const NEIGHBOURS = 200;
const PREFIX = 'latchkey:';
const NAMES = {
  counter: `${PREFIX}c:tries`,
  log: `${PREFIX}l:feed`,
  entry: `${PREFIX}v:chain`,
  set: `${PREFIX}s:members`,
};

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());

async function open(): Promise<State> {
  const settings = redisSettings('redis://nobody.invalid', {
    cluster: { nodes: [...cluster.nodes] },
  });
  const { logger } = createRecordingLogger();
  const state = await openRedisState(settings, { clock: systemClock, logger });
  onTestFinished(() => state.close());
  return state;
}

function nextOf(master: TestRedis): TestRedis {
  const { masters } = cluster;
  return masters[(masters.indexOf(master) + 1) % masters.length] ?? master;
}

test('slots are counted as Redis counts them', async () => {
  const [node] = cluster.masters;
  for (const name of ['a', 'latchkey:v:Grant:x', '~'.repeat(512), ...Object.values(NAMES)]) {
    expect(await node?.execute('CLUSTER', 'KEYSLOT', name)).toBe(String(slotOf(name)));
  }
});

describe('slots that move from one master to the next, again and again', () => {
  test(`${MOVES} times, under load: no verb fails, each is done once, whoever asks`, async () => {
    const states = await Promise.all(Array.from({ length: NODES }, open));
    for (const name of Object.values(NAMES)) {
      const owner = await cluster.ownerOf(slotOf(name));
      const padding = Array.from({ length: NEIGHBOURS }, (_, n) => [`{${name}}${n}`, 'x']).flat();
      await owner.execute('MSET', ...padding);
    }
    const done = { counts: 0, wins: 0, verbs: 0 };
    const [sums, numbers] = [new Set<number>(), new Set<number>()];
    const over = new AbortController();

    async function load(state: State, worker: number): Promise<void> {
      for (let n = 0; !over.signal.aborted; n += 1) {
        sums.add(await state.count('tries', 1, 600));
        done.counts += 1;
        numbers.add(await state.append('feed', [`${worker}.${n}`]));
        const seen = await state.get('chain');
        const length = Number(seen?.value ?? 0);
        if (await state.swap('chain', seen?.version, length + 1)) done.wins += 1;
        await state.add('members', `${worker}.${n % 5}`, systemClock.now() + 600);
        expect(await state.getMany(['chain', 'nothing', 'chain'])).toHaveLength(3);
        await state.put(`mine-${worker}`, n);
        expect((await state.get(`mine-${worker}`))?.value).toBe(n);
        expect(await state.delete(`mine-${worker}`)).toBe(true);
        done.verbs += 9;
      }
    }

    const loading = states.flatMap((state, node) =>
      Array.from({ length: 4 }, (_, worker) => load(state, node * 4 + worker)),
    );
    const failed = Promise.all(loading);
    failed.catch(() => undefined);
    const began = performance.now();
    for (let move = 0; move < MOVES; move += 1) {
      for (const name of Object.values(NAMES)) {
        const owner = await cluster.ownerOf(slotOf(name));
        await cluster.moveSlot(slotOf(name), owner, nextOf(owner));
      }
    }
    await delay(100);
    over.abort();
    await failed;
    measured('slots moved under load', { ms: performance.now() - began, ...done });

    const [state] = states;
    expect(await state?.count('tries', 0, 600)).toBe(done.counts);
    expect(sums.size).toBe(done.counts);
    expect(numbers.size).toBe(done.counts);
    expect((await state?.readLog('feed', 0, 1))?.last).toBe(done.counts);
    expect((await state?.get('chain'))?.value).toBe(done.wins);
    expect(await state?.list('members')).toHaveLength(NODES * 4 * 5);
  });

  test('and one that is half moved for longer than a verb has time is used all the same', async () => {
    const state = await open();
    const slot = slotOf(`${PREFIX}v:half`);
    const from = await cluster.ownerOf(slot);
    const to = nextOf(from);
    const seen = await state.put('half', 1);
    const [fromId, toId] = [
      await from.execute('CLUSTER', 'MYID'),
      await to.execute('CLUSTER', 'MYID'),
    ];
    await to.execute('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId);
    await from.execute('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId);
    const second = await state.swap('half', seen, 2);
    expect(second).toBeDefined();
    expect(await state.swap('half', seen, 3)).toBeUndefined();
    await from.execute('MIGRATE', '127.0.0.1', String(to.port), `${PREFIX}v:half`, '0', '1000');
    expect((await state.get('half'))?.version).toBe(second);
    expect(await state.swap('half', second, 4)).toBeDefined();
    expect(await state.delete('half')).toBe(true);
    expect(await state.delete('half')).toBe(false);
    expect(await state.swap('half', undefined, 5)).toBeDefined();
  });
});
