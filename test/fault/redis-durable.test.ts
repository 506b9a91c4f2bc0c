import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { StateUnavailable, type State } from '../../src/storage/state.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { redisSettings, startRedis, type TestRedis } from '../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { timeOf } from '../support/time-until.ts';

const DURABLE = { durable: true };

let master: TestRedis;
let replica: TestRedis;
let wire: TcpProxy;
let state: State;

beforeEach(async () => {
  master = await startRedis({ port: 0, args: ['--repl-diskless-sync-delay', '0'] });
  replica = await startRedis({
    port: 0,
    args: ['--replicaof', '127.0.0.1', String(master.port)],
  });
  wire = await startTcpProxy({ port: master.port });
  const settings = redisSettings(`redis://127.0.0.1:${wire.port}/0`, { replicas: 1 });
  const { logger } = createRecordingLogger();
  state = await openRedisState(settings, { clock: systemClock, logger });
  await expect
    .poll(async () => (await state.put('sync', 1, DURABLE).catch(() => '')) !== '')
    .toBe(true);
});

afterEach(async () => {
  process.kill(replica.pid, 'SIGCONT');
  await state.close();
  await wire.close();
  await Promise.all([replica.stop(), master.stop()]);
});

/** Holds the replica up, so that it confirms nothing, and goes on after `act`. */
async function whileReplicaSleeps(act: () => Promise<void>): Promise<void> {
  process.kill(replica.pid, 'SIGSTOP');
  try {
    await act();
  } finally {
    process.kill(replica.pid, 'SIGCONT');
  }
}

describe('a durable write', () => {
  test('is answered once the replica holds it', async () => {
    const seen = await state.put('code', 'issued', DURABLE);
    await state.swap('code', seen, 'redeemed', DURABLE);
    expect(await replica.execute('GET', 'latchkey:v:code')).toContain('redeemed');
    await state.append('feed', ['revoked'], DURABLE);
    expect(await replica.execute('XLEN', 'latchkey:l:feed')).toBe('1');
    await state.add('set', 'm', systemClock.now() + 60, DURABLE);
    expect(await replica.execute('ZCARD', 'latchkey:s:set')).toBe('1');
    await state.delete('code', DURABLE);
    expect(await replica.execute('EXISTS', 'latchkey:v:code')).toBe('0');
  });

  test('is not answered while the replica confirms nothing, others are', async () => {
    await whileReplicaSleeps(async () => {
      const refusing = (): Promise<void> =>
        expect(state.append('feed', ['revoked'], DURABLE)).rejects.toThrow(StateUnavailable);
      expect(await timeOf(refusing)).toBeLessThan(1500);
      await state.put('session', 1);
      expect((await state.get('session'))?.value).toBe(1);
    });
    expect(await state.append('feed', ['again'], DURABLE)).toBe(2);
  });

  test('whose answer was lost is confirmed by the replica too before it is answered', async () => {
    await whileReplicaSleeps(async () => {
      const happened = wire.dropNextReply('victim');
      const deleting = state.delete('victim', DURABLE);
      deleting.catch(() => undefined);
      await happened;
      await expect(deleting).rejects.toThrow(StateUnavailable);
    });
    const happened = wire.dropNextReply('victim');
    const version = await state.put('victim', 1, DURABLE);
    await happened;
    expect(await replica.execute('GET', 'latchkey:v:victim')).toContain(version);
  });

  test('shares its confirmation with those made at the same time', async () => {
    const confirmations = async (): Promise<number> => {
      const stats = await master.execute('INFO', 'commandstats');
      return Number(/cmdstat_wait:calls=(\d+)/u.exec(stats)?.[1] ?? 0);
    };
    const before = await confirmations();
    const numbers = await Promise.all(
      Array.from({ length: 256 }, (_, n) => state.append('feed', [n], DURABLE)),
    );
    expect(new Set(numbers).size).toBe(256);
    expect((await confirmations()) - before).toBeLessThan(32);
  });

  test('that was answered survives the loss of the master', async () => {
    const written = await Promise.all(
      Array.from({ length: 200 }, (_, n) => state.append('feed', [n], DURABLE)),
    );
    await master.kill();
    await replica.execute('REPLICAOF', 'NO', 'ONE');
    expect(await replica.execute('XLEN', 'latchkey:l:feed')).toBe(String(written.length));
  });
});

test('a durable write does not go to a Redis that the others may not use', async () => {
  await master.execute('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await state.health();
  await expect(state.append('feed', ['revoked'], DURABLE)).rejects.toThrow('allkeys-lru');
  expect(await master.execute('EXISTS', 'latchkey:l:feed')).toBe('0');
});

test('health tells of a replica that is missing', async () => {
  expect((await state.health()).remarks).toEqual([]);
  await replica.kill();
  await delay(100);
  await expect
    .poll(async () => (await state.health()).remarks)
    .toEqual([expect.stringContaining('0 of the 1 replicas')]);
  expect((await state.health()).ok).toBe(true);
  await replica.restart();
});

test.each(['latchkey-durable', 'latchkey-notices'])(
  'the state is well again only when the connection %s is back, too',
  async (name) => {
    expect((await state.health()).ok).toBe(true);
    wire.hold();
    const clients = await master.execute('CLIENT', 'LIST');
    const id = new RegExp(`^id=(\\d+) .*name=${name} `, 'mu').exec(clients)?.[1] ?? '';
    await master.execute('CLIENT', 'KILL', 'ID', id);
    await expect
      .poll(() => state.health())
      .toMatchObject({ ok: false, remarks: [expect.stringContaining(name)] });
    expect((await state.get('sync'))?.value).toBe(1);
    await wire.heal();
    await expect.poll(async () => (await state.health()).ok).toBe(true);
    expect(await master.execute('CLIENT', 'LIST')).toContain(`name=${name} `);
  },
);

describe('a Redis 7.2 alone, as the wire makes ours look', () => {
  /** What WAITAOF answers: how many logs here, and how many at replicas, are on disk. */
  async function openLookingNewer(onDisk: 0 | 1): Promise<State> {
    const asked = /\*4\r\n\$7\r\nWAITAOF\r\n\$1\r\n1\r\n\$1\r\n0\r\n\$\d+\r\n\d+\r\n/gu;
    const answer = `return {${onDisk},0}`;
    const script = `*3\r\n$4\r\nEVAL\r\n$${answer.length}\r\n${answer}\r\n$1\r\n0\r\n`;
    const newer = await startTcpProxy(
      { port: master.port },
      {
        request: (bytes) => bytes.replaceAll(asked, () => script),
        reply: (bytes) => bytes.replace('redis_version:7.0.', 'redis_version:7.2.'),
      },
    );
    onTestFinished(() => newer.close());
    const { logger } = createRecordingLogger();
    const settings = redisSettings(`redis://127.0.0.1:${newer.port}/0`);
    const lone = await openRedisState(settings, { clock: systemClock, logger });
    onTestFinished(() => lone.close());
    return lone;
  }

  test('confirms that its log is on disk', async () => {
    const lone = await openLookingNewer(1);
    expect((await lone.health()).remarks).not.toContainEqual(
      expect.stringContaining('last second'),
    );
    expect(await lone.append('feed', ['revoked'], DURABLE)).toBe(1);
  });

  test('that does not confirm it is no answer', async () => {
    const lone = await openLookingNewer(0);
    await expect(lone.append('feed', ['revoked'], DURABLE)).rejects.toThrow(StateUnavailable);
    expect(await lone.append('feed', ['not durable'])).toBe(2);
  });
});
