import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { basic, PATHS } from '../../bench/browser-flow.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import type { State } from '../../src/storage/state.ts';
import { createRecordingLogger, type LogLine } from '../support/recording-logger.ts';
import { redisSettings } from '../support/redis.ts';
import { startSentinelSet, type SentinelSet } from '../support/sentinel.ts';
import { isActive, refresh, revoke, signUp } from './support/load.ts';
import { loseTail } from './support/lost-tail.ts';
import { measured } from './support/report.ts';
import type { Visitor } from './support/visitor.ts';
import { APP, openWorld, type World } from './support/world.ts';

let set: SentinelSet;
let world: World;
let visitor: Visitor;

beforeAll(async () => {
  set = await startSentinelSet();
  world = await openWorld({
    state: 'redis',
    nodes: 2,
    redisSettings: {
      url: 'redis://nobody.invalid/0',
      sentinel: { nodes: set.nodes, name: set.name },
    },
  });
  visitor = world.visitor();
});
afterAll(async () => {
  await world?.close();
  await set?.close();
});

async function introspect(token: string): Promise<number> {
  const asking = { method: 'POST', headers: basic(APP), form: { token } } as const;
  return (await visitor.request(PATHS.introspect, asking)).status;
}

/** The state as a node has it. */
async function openState(): Promise<{ readonly state: State; readonly lines: LogLine[] }> {
  const { logger, lines } = createRecordingLogger();
  const settings = redisSettings('redis://nobody.invalid/0', {
    keyPrefix: `${randomId(6)}:`,
    sentinel: { nodes: [...set.nodes], name: set.name },
  });
  return { state: await openRedisState(settings, { clock: systemClock, logger }), lines };
}

describe('Sentinels', () => {
  test('one that dies is told in the log once, as is that it is back, and nothing is printed', async () => {
    const printed = vi.spyOn(console, 'error');
    const { state, lines } = await openState();
    const told = (): unknown[] =>
      lines.map(({ fields }) => fields['event']).filter((event) => event !== 'redis.remark');
    const start = await set.killSentinel();
    await expect.poll(told).toEqual(['redis.ready', 'redis.sentinel_lost']);
    const [another, before] = [await openState(), told().length];
    expect(await another.state.get('a')).toBeUndefined();
    await start();
    await expect.poll(told).toHaveLength(before + 1);
    expect(told().at(-1)).toBe('redis.sentinel_back');
    await Promise.all([state.close(), another.state.close()]);
    expect(printed).not.toHaveBeenCalled();
  });

  test('that do not know the name are told with the setting', async () => {
    const { logger, lines } = createRecordingLogger();
    const sentinel = { nodes: [...set.nodes], name: 'unknown' };
    const settings = redisSettings('redis://nobody.invalid/0', { sentinel, connectTimeoutMs: 100 });
    const state = await openRedisState(settings, { clock: systemClock, logger });
    await expect
      .poll(() => lines.map(({ fields }) => fields['reason']))
      .toContain('it knows no master unknown: check storage.state.redis.sentinel.name');
    await state.close();
  });
});

describe('a master that dies, with Sentinels that make another', () => {
  test('is followed by the next within seconds: nothing is lost, nothing revoked lives, nobody sees a fault', async () => {
    const { ledger } = world;
    const [good, revoked] = [await signUp(ledger, visitor), await signUp(ledger, visitor)];
    const [token = ''] = good.accessTokens;
    await revoke(ledger, visitor, revoked);
    // What is tested here is that the node finds the new master, and not what a cut replication loses.
    await (await set.master()).execute('wait', '1', '2000');

    const statuses: number[] = [];
    const over = new AbortController();
    const asking = (async () => {
      while (!over.signal.aborted) {
        statuses.push(await introspect(token));
        await delay(20);
      }
    })();
    await delay(200);
    const began = performance.now();
    await set.failOver();
    const promotedMs = performance.now() - began;
    await expect.poll(() => statuses.at(-1), { interval: 20 }).toBe(200);
    const servesMs = performance.now() - began;
    over.abort();
    await asking;
    measured('Sentinel fail-over', { promotedMs, servesMs });

    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(servesMs - promotedMs).toBeLessThan(3000);
    expect(await isActive(visitor, token)).toBe(true);
    expect(await isActive(visitor, revoked.accessTokens[0] ?? '')).toBe(false);
    expect((await refresh(ledger, visitor, good)).status).toBe(200);
    // What is written durably goes by a connection of its own, which may find the new master a moment later.
    const signsIn = (): Promise<unknown> => signUp(ledger, visitor).then(() => 'signed in', String);
    await expect.poll(signsIn).toBe('signed in');
  });

  test('takes nothing back by what it did not pass on: no code is paid twice, nothing revoked is good', async () => {
    const master = await set.master();
    const [one, other] = set.redises;
    const replica = master === one ? other : one;
    await replica.restart();
    // The Sentinels would see to it, after ten seconds.
    await replica.execute('replicaof', '127.0.0.1', String(master.port));
    await set.settled();
    await loseTail(world, {
      master,
      replica,
      isOnlyOne: true,
      async promoted() {
        const role = (): Promise<string> => replica.execute('role').catch(() => '');
        await expect.poll(role, { interval: 20 }).toMatch(/^master/u);
      },
    });
  });
});
