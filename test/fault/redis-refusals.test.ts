import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import type { RedisSettings } from '../../src/storage/config.ts';
import { RedisMayEvict, RedisRefused } from '../../src/storage/redis/errors.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { StateFull, StateUnavailable, type State } from '../../src/storage/state.ts';
import { makeCertificate, tlsArgs } from '../support/certificate.ts';
import { freePort } from '../support/ports.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import {
  redisSettings,
  startRedis,
  type TestRedis,
  type TestRedisOptions,
} from '../support/redis.ts';

const PASSWORD = 'not-to-be-told';
let recorded = createRecordingLogger();

afterEach(() => {
  recorded = createRecordingLogger();
});

async function start(options: TestRedisOptions = {}): Promise<TestRedis> {
  const redis = await startRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

async function open(url: string, more: Partial<RedisSettings> = {}): Promise<State> {
  const state = await openRedisState(redisSettings(url, more), {
    clock: systemClock,
    logger: recorded.logger,
  });
  onTestFinished(() => state.close());
  return state;
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lk-redis-files-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

async function passwordFile(password: string): Promise<{ file: string }> {
  const file = join(await folder(), 'password');
  await writeFile(file, password, { mode: 0o600 });
  return { file };
}

describe('a Redis without memory left', () => {
  async function fill(): Promise<State> {
    const redis = await start({ args: ['--maxmemory', '3mb'] });
    const state = await open(redis.url);
    await state.put('code', 'issued');
    await state.append('feed', ['first']);
    await state.add('set', 'm', systemClock.now() + 60);
    await state.count('tries', 1, 60);
    // Ever smaller, until not even the smallest fits again and again: memory comes and goes a little.
    let n = 0;
    for (const characters of [50_000, 1000, 10]) {
      let refusals = 0;
      while (refusals < 5) {
        const isRefused = await state.put(`padding-${(n += 1)}`, 'x'.repeat(characters)).then(
          () => false,
          (error: unknown) => error instanceof StateFull,
        );
        refusals = isRefused ? refusals + 1 : 0;
      }
    }
    return state;
  }

  test('says so to every write that may wait', async () => {
    const state = await fill();
    const seen = (await state.get('code'))?.version;
    const writes = [
      state.put('new', 1),
      state.put('new', 1, { ttlSeconds: 60 }),
      state.swap('code', seen, 'changed'),
      state.count('tries', 1, 60),
      state.append('feed', ['second']),
      state.add('set', 'n', systemClock.now() + 60),
    ];
    for (const outcome of await Promise.allSettled(writes)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StateFull) });
    }
    expect((await state.get('code'))?.value).toBe('issued');
    expect((await state.readLog('feed', 0, 9)).last).toBe(1);
  });

  test('still reads, redeems, revokes and deletes', async () => {
    const state = await fill();
    const essential = { essential: true };
    const seen = (await state.get('code'))?.version;
    expect(await state.swap('code', seen, 'redeemed', essential)).toBeDefined();
    expect(await state.swap('code', seen, 'twice', essential)).toBeUndefined();
    await state.put('tombstone', 1, { ...essential, ttlSeconds: 60 });
    expect(await state.append('feed', ['revoked'], essential)).toBe(2);
    await state.add('set', 'n', systemClock.now() + 60, essential);
    await state.remove('set', 'm');
    expect(await state.list('set')).toEqual(['n']);
    expect(await state.count('tries', 0, 60)).toBe(1);
    expect((await state.readLog('feed', 0, 9)).entries).toHaveLength(2);
    await state.trimLog('feed', 1);
    expect((await state.getMany(['code', 'tombstone'])).map((entry) => entry?.value)).toEqual([
      'redeemed',
      1,
    ]);
    for (let n = 1; n < 10; n += 1) expect(await state.delete(`padding-${n}`)).toBe(true);
    await state.put('new', 1);
  });
});

describe('a Redis that may throw state away', () => {
  test.each([
    'allkeys-lru',
    'allkeys-lfu',
    'allkeys-random',
    'volatile-lru',
    'volatile-lfu',
    'volatile-random',
    'volatile-ttl',
  ])('(%s) is refused, with the setting and what to set', async (policy) => {
    const redis = await start({ args: ['--maxmemory-policy', policy] });
    const opening = open(redis.url);
    await expect(opening).rejects.toThrow(RedisMayEvict);
    await expect(opening).rejects.toThrow(policy);
    await expect(opening).rejects.toThrow('maxmemory-policy noeviction');
    await expect(opening).rejects.toThrow('storage.state.redis.url');
  });

  test('only since it was opened is found out, not used, and used again when it is mended', async () => {
    const redis = await start();
    const state = await open(redis.url);
    await redis.execute('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await state.health()).toMatchObject({
      ok: false,
      remarks: [expect.stringContaining('allkeys-lru')],
    });
    await expect(state.put('k', 1)).rejects.toThrow(StateUnavailable);
    await redis.execute('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await expect.poll(() => state.put('k', 1).catch(() => '')).not.toBe('');
    expect((await state.health()).ok).toBe(true);
  });

  test('and comes late is not used either', async () => {
    const redis = await start({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    await redis.kill();
    const state = await open(redis.url);
    await redis.restart();
    await expect
      .poll(() => recorded.lines.map(({ fields }) => fields['reason']))
      .toContainEqual(expect.stringContaining('allkeys-lru'));
    await expect(state.put('k', 1)).rejects.toThrow('allkeys-lru');
  });
});

describe('a Redis that may lose state', () => {
  test('for want of an append-only file says so in health and log', async () => {
    const redis = await start({ args: ['--appendonly', 'no'] });
    const state = await open(redis.url);
    expect(await state.health()).toEqual({
      ok: true,
      remarks: [expect.stringContaining('appendonly yes')],
    });
    expect(recorded.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: {
          event: 'redis.remark',
          at: redis.url,
          remark: expect.stringContaining('appendonly yes'),
        },
      }),
    );
  });

  test('of one second says so; one that writes through has nothing to say', async () => {
    const redis = await start();
    const state = await open(redis.url);
    expect((await state.health()).remarks).toEqual([expect.stringContaining('last second')]);
    await redis.execute('CONFIG', 'SET', 'appendfsync', 'always');
    expect((await state.health()).remarks).toEqual([]);
  });
});

describe('credentials', () => {
  test('that are right open the door', async () => {
    const redis = await start({ args: ['--requirepass', PASSWORD] });
    const state = await open(redis.url, { password: await passwordFile(PASSWORD) });
    await state.put('k', 1);
    const heard = new Promise<void>((resolve) => {
      void state.subscribe('t', resolve).then(() => state.notify('t'));
    });
    await heard;
  });

  test.each([
    ['wrong', 'not-the-right-one'],
    ['missing', undefined],
  ])('that are %s are refused without being told', async (_, password) => {
    const redis = await start({ args: ['--requirepass', PASSWORD] });
    const more = password === undefined ? {} : { password: await passwordFile(password) };
    const opening = open(redis.url, more);
    await expect(opening).rejects.toThrow(RedisRefused);
    await expect(opening).rejects.toThrow('storage.state.redis.password');
    const told = JSON.stringify([await opening.catch(String), recorded.lines]);
    expect(told).not.toContain(PASSWORD);
    expect(told).not.toContain('not-the-right-one');
  });

  test('of a user who may do too little are refused with what is missing', async () => {
    const user = ['--user', 'latchkey', 'on', `>${PASSWORD}`, '~*', '&*', '+@all', '-info'];
    const redis = await start({ args: user });
    const password = await passwordFile(PASSWORD);
    const opening = open(redis.url, { username: 'latchkey', password });
    await expect(opening).rejects.toThrow(RedisRefused);
    await expect(opening).rejects.toThrow("'info'");
  });

  test('of a user with no more than we need are enough', async () => {
    const commands =
      'get set mget getrange eval evalsha incrby pttl pexpire del exists zadd zrem zrangebyscore ' +
      'zremrangebyscore xadd xrange xtrim xinfo publish subscribe unsubscribe info ping';
    const rights = commands.split(' ').map((command) => `+${command}`);
    const scope = ['~latchkey:*', '~{latchkey:*', '&latchkey:*'];
    const redis = await start({
      args: ['--user', 'latchkey', 'on', `>${PASSWORD}`, ...scope, ...rights],
    });
    const state = await open(redis.url, {
      username: 'latchkey',
      password: await passwordFile(PASSWORD),
    });
    const seen = await state.put('k', 1, { ttlSeconds: 9 });
    await state.swap('k', seen, 2);
    await state.swap('k', seen, 3);
    await state.put('k', 1, { essential: true });
    await state.getMany(['k']);
    await state.delete('k');
    await state.count('c', 1, 9);
    await state.add('s', 'm', systemClock.now() + 9);
    await state.list('s');
    await state.remove('s', 'm');
    await state.append('l', [1]);
    await state.readLog('l', 0, 1);
    await state.trimLog('l', 1);
    await (
      await state.subscribe('t', () => undefined)
    )();
    await state.notify('t');
    expect((await state.health()).ok).toBe(true);
  });

  test('a database that Redis does not have is refused, not replaced by another', async () => {
    const redis = await start({ port: 0 });
    const opening = open(redis.url.replace('/0', '/99'));
    await expect(opening).rejects.toThrow(RedisRefused);
    await expect(opening).rejects.toThrow('database');
  });
});

describe('TLS', () => {
  /** A Redis called `localhost` and the authority that vouches for it: itself. */
  async function startWithTls(): Promise<{ url: string; ca: string }> {
    const dir = await folder();
    const made = await makeCertificate(dir, 'DNS:localhost');
    const port = await freePort();
    await start({ args: tlsArgs(made, port) });
    return { url: `rediss://localhost:${port}/0`, ca: made.certificate };
  }

  test('to a Redis that the authority vouches for works', async () => {
    const { url, ca } = await startWithTls();
    const state = await open(url, { tlsCa: ca });
    await state.put('k', 1);
    expect((await state.get('k'))?.value).toBe(1);
  });

  test('to one that nobody vouches for, or that has another name, is refused with the settings', async () => {
    const { url, ca } = await startWithTls();
    const unvouched = open(url);
    await expect(unvouched).rejects.toThrow(RedisRefused);
    await expect(unvouched).rejects.toThrow('storage.state.redis.tlsCa');
    const misnamed = open(url.replace('localhost', '127.0.0.1'), { tlsCa: ca });
    await expect(misnamed).rejects.toThrow(RedisRefused);
  });

  test('to one that speaks none is not there: such a Redis waits for more without a word', async () => {
    const redis = await start({ port: 0 });
    const state = await open(redis.url.replace('redis:', 'rediss:'));
    await expect(state.put('k', 1)).rejects.toThrow(StateUnavailable);
  });
});
