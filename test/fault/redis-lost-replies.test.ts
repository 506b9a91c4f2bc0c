import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { StateUnavailable, type State } from '../../src/storage/state.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { redisSettings, startRedis, type TestRedis } from '../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let redis: TestRedis;
let wire: TcpProxy;
/** The node whose wire is cut. */
let state: State;
/** Another node, on a wire of its own. */
let other: State;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis.stop());

beforeEach(async () => {
  wire = await startTcpProxy({ path: redis.socketPath });
  const parts = { clock: systemClock, logger: createRecordingLogger().logger };
  const shared = { keyPrefix: `${randomId(6)}:` };
  state = await openRedisState(redisSettings(`redis://127.0.0.1:${wire.port}/0`, shared), parts);
  other = await openRedisState(redisSettings(redis.url, shared), parts);
});

afterEach(async () => {
  await Promise.all([state.close(), other.close()]);
  await wire.close();
});

/** Begins `act`, loses the answer, lets the other node do `meanwhile` before the connection is back. */
async function loseReply<Answer>(
  act: () => Promise<Answer>,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<Answer> {
  const happened = wire.dropNextReply('victim');
  const answer = act();
  // Awaited below; until then a failure is nobody's.
  answer.catch(() => undefined);
  await happened;
  await wire.refuse();
  await meanwhile();
  await wire.heal();
  return await answer;
}

describe('when the write was done and its answer lost', () => {
  test('a put was done once, and its version is the one that is there', async () => {
    const version = await loseReply(() => state.put('victim', 'value', { ttlSeconds: 60 }));
    expect(await other.get('victim')).toEqual({ value: 'value', version });
  });

  test('a won swap is won', async () => {
    const seen = await other.put('victim', 'old');
    const version = await loseReply(() => state.swap('victim', seen, 'new'));
    expect(version).toBeDefined();
    expect(await other.get('victim')).toEqual({ value: 'new', version });
  });

  test('a swap that won against absence is won', async () => {
    const version = await loseReply(() => state.swap('victim', undefined, 'new'));
    expect(version).toBeDefined();
    expect(await other.get('victim')).toEqual({ value: 'new', version });
  });

  test('a lost swap is lost, even if by now it would win', async () => {
    await other.put('victim', 'theirs');
    const answer = await loseReply(
      () => state.swap('victim', undefined, 'mine'),
      () => other.delete('victim'),
    );
    expect(answer).toBeUndefined();
    expect(await other.get('victim')).toBeUndefined();
  });

  test('a deletion still says that it found something', async () => {
    await other.put('victim', 1);
    expect(await loseReply(() => state.delete('victim'))).toBe(true);
  });

  test('a deletion that found nothing does not delete what came since', async () => {
    const answer = await loseReply(
      () => state.delete('victim'),
      () => other.put('victim', 'new'),
    );
    expect(answer).toBe(false);
    expect((await other.get('victim'))?.value).toBe('new');
  });

  test('a count was counted once and gives the sum it gave', async () => {
    await other.count('victim', 5, 60);
    const sum = await loseReply(
      () => state.count('victim', 1, 60),
      () => other.count('victim', 10, 60),
    );
    expect(sum).toBe(6);
    expect(await other.count('victim', 0, 60)).toBe(16);
  });

  test('an append was appended once and gives the number it gave', async () => {
    const number = await loseReply(
      () => state.append('victim', ['a', 'b']),
      () => other.append('victim', ['c']),
    );
    expect(number).toBe(2);
    const { entries } = await other.readLog('victim', 0, 9);
    expect(entries.map((entry) => entry.value)).toEqual(['a', 'b', 'c']);
  });

  test('a member is in the set', async () => {
    await loseReply(() => state.add('victim', 'm', systemClock.now() + 60));
    expect(await other.list('victim')).toEqual(['m']);
  });

  test('reads are read again', async () => {
    await other.put('victim', 'value');
    expect((await loseReply(() => state.get('victim')))?.value).toBe('value');
    expect(await loseReply(() => state.getMany(['victim', 'none']))).toHaveLength(2);
  });
});

describe('when the answer was lost and somebody else came before the retry', () => {
  test('a swap that may have been won says so and undoes nothing', async () => {
    const seen = await other.put('victim', 'old');
    const answer = loseReply(
      () => state.swap('victim', seen, 'mine'),
      async () => {
        const mine = await other.get('victim');
        await other.swap('victim', mine?.version, 'theirs');
      },
    );
    await expect(answer).rejects.toThrow(StateUnavailable);
    expect((await other.get('victim'))?.value).toBe('theirs');
  });

  test('a put does not bring back what was deleted', async () => {
    const answer = loseReply(
      () => state.put('victim', 'session'),
      () => other.delete('victim'),
    );
    await expect(answer).rejects.toThrow(StateUnavailable);
    expect(await other.get('victim')).toBeUndefined();
  });

  test('a put does not undo a redemption', async () => {
    const answer = loseReply(
      () => state.put('victim', 'issued'),
      async () => {
        const issued = await other.get('victim');
        await other.swap('victim', issued?.version, 'redeemed');
      },
    );
    await expect(answer).rejects.toThrow(StateUnavailable);
    expect((await other.get('victim'))?.value).toBe('redeemed');
  });

  test('a swap from absence does not bring back what was deleted', async () => {
    const answer = loseReply(
      () => state.swap('victim', undefined, 'mine'),
      () => other.delete('victim'),
    );
    await expect(answer).rejects.toThrow(StateUnavailable);
    expect(await other.get('victim')).toBeUndefined();
  });
});

test('the mark of an attempt goes away by itself, and lies in the slot of its key', async () => {
  const name = `slot-${randomId(6)}`;
  await state.count(name, 1, 60);
  const keys = await redis.execute('KEYS', `*${name}*`);
  const [counter = '', mark = ''] = keys.split('\n').toSorted((a, b) => a.length - b.length);
  expect(mark).toContain(`{${counter}}`);
  expect(Number(await redis.execute('PTTL', mark))).toBeGreaterThan(0);
});
