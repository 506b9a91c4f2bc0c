import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { basic, PATHS, signIn, type TokenAnswer } from '../../bench/browser-flow.ts';
import { createLane, type Answer, type Lane } from '../../bench/lane.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { slotOf } from '../../src/storage/redis/slots.ts';
import { rounds } from '../support/counts.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { startCluster, type TestCluster } from '../support/redis-cluster.ts';
import { redisSettings, type TestRedis } from '../support/redis.ts';
import { measured } from './support/report.ts';

const APP = {
  id: 'app',
  secret: 'app-secret-of-the-cluster-tests-0123456789',
  redirectUri: 'https://app.example/callback',
};
const PERSON = { login: 'alice@example.com', password: 'latchkey-dev' };
const SLOTS_MOVED = rounds(10, 100);

let cluster: TestCluster;
let latchkey: Latchkey;
let lane: Lane;

beforeAll(async () => {
  cluster = await startCluster({ hasReplicas: true });
  latchkey = await startLatchkey({
    settings: {
      storage: { state: { engine: 'redis', redis: { cluster: { nodes: cluster.nodes } } } },
      clients: [
        {
          id: APP.id,
          name: 'App',
          secretInClear: APP.secret,
          redirectUris: [APP.redirectUri],
          firstParty: true,
        },
      ],
    },
  });
  lane = createLane(latchkey.issuer);
}, 60_000);
afterAll(async () => {
  await lane?.close();
  await latchkey?.kill();
  await latchkey?.clean();
  await cluster?.close();
});

function post(path: string, form: Record<string, string>): Promise<Answer> {
  return lane.request(path, { method: 'POST', headers: basic(APP), form });
}

async function newTokens(): Promise<Required<TokenAnswer>> {
  const {
    refresh_token = '',
    id_token = '',
    ...rest
  } = await signIn(lane, { client: APP, ...PERSON });
  return { ...rest, refresh_token, id_token };
}

async function isActive(token: string): Promise<boolean> {
  const { body } = await post(PATHS.introspect, { token });
  return (JSON.parse(body) as { active: boolean }).active;
}

/** Every name that is kept now, and where. */
async function namesAtMasters(): Promise<readonly { name: string; master: TestRedis }[]> {
  const found = await Promise.all(
    [...cluster.masters, ...cluster.replicas].map(async (node) => {
      const role = await node.execute('role').catch(() => '');
      if (!role.startsWith('master')) return [];
      const names = await node.execute('--scan');
      return names.split('\n').map((name) => ({ name, master: node }));
    }),
  );
  return found.flat().filter(({ name }) => name.startsWith('latchkey:'));
}

/** Asks of everything, on and on, until it is over; gives the statuses that came. */
function ask(
  token: string,
  act: () => Promise<number>,
): () => Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  const over = new AbortController();
  const note = (status: number): void => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const asking = (async () => {
    while (!over.signal.aborted) {
      note((await post(PATHS.introspect, { token })).status);
      note(await act());
      await delay(5);
    }
  })();
  return async () => {
    over.abort();
    await asking;
    return statuses;
  };
}

/** Refreshes on and on with whatever the last answer gave; a refused one is asked again with the same. */
function refreshing(first: string): () => Promise<number> {
  let refreshToken = first;
  return async () => {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const { status, body } = await post(PATHS.token, form);
    if (status === 200) {
      const answer = JSON.parse(body) as TokenAnswer;
      refreshToken = answer.refresh_token ?? refreshToken;
    }
    return status;
  };
}

describe('a node whose state is on a Redis Cluster', () => {
  test(`serves everybody while ${SLOTS_MOVED} slots with what it keeps move to other masters`, async () => {
    const [good, revoked] = [await newTokens(), await newTokens()];
    expect((await post('/revoke', { token: revoked.refresh_token })).status).toBe(200);
    const stop = ask(good.access_token, refreshing(good.refresh_token));
    const stopSignIns = ask(good.access_token, async () => {
      await newTokens();
      return 200;
    });
    const began = performance.now();
    const names = await namesAtMasters();
    const slots = new Map(names.map(({ name, master }) => [slotOf(name), master]));
    for (let moved = 0; moved < SLOTS_MOVED; moved += 1) {
      const [slot = 0] = [...slots.keys()].slice(moved % slots.size);
      const from = await cluster.ownerOf(slot);
      const to = cluster.masters.find((master) => master !== from) ?? from;
      await cluster.moveSlot(slot, from, to);
    }
    const statuses = await stop();
    const signIns = await stopSignIns();
    const ms = performance.now() - began;
    measured('slots moved under load', { ms, statuses: [...statuses], signIns: [...signIns] });
    expect([...statuses.keys()]).toEqual([200]);
    expect([...signIns.keys()]).toEqual([200]);
    expect(await isActive(revoked.access_token)).toBe(false);
  }, 300_000);

  test('goes on when a master dies and its replica takes over: 503 meanwhile, nothing lost, nothing revived', async () => {
    const [good, revoked] = [await newTokens(), await newTokens()];
    expect((await post('/revoke', { token: revoked.refresh_token })).status).toBe(200);
    const master = await masterOfLog();
    // What is tested here is the way to the new master, and not what a cut replication loses.
    await master.execute('wait', '1', '2000');
    const stop = ask(good.access_token, refreshing(good.refresh_token));
    await delay(100);
    const { promotedMs, servesMs } = await failOver(master, good.access_token);
    await delay(200);
    const statuses = await stop();
    measured('Cluster fail-over', { promotedMs, servesMs, statuses: [...statuses] });

    expect(new Set(statuses.keys())).toEqual(new Set([200, 503]));
    expect(servesMs - promotedMs).toBeLessThan(3000);
    expect(await isActive(good.access_token)).toBe(true);
    expect(await isActive(revoked.access_token)).toBe(false);
    await ready();
    expect((await newTokens()).access_token).toEqual(expect.any(String));
    await master.restart();
  }, 60_000);

  test('keeps every write that a replica had to confirm, and refuses it while none does', async () => {
    const { logger } = createRecordingLogger();
    const settings = redisSettings('redis://nobody.invalid', {
      keyPrefix: 'confirmed:',
      cluster: { nodes: [...cluster.nodes] },
      replicas: 1,
    });
    const state = await openRedisState(settings, { clock: systemClock, logger });
    onTestFinished(() => state.close());
    const codes = Array.from({ length: 60 }, (_, n) => `code-${n}`);
    const issued = await Promise.all(codes.map((code) => state.put(code, 'issued')));
    const owners: TestRedis[] = [];
    for (const code of codes) owners.push(await cluster.ownerOf(slotOf(`confirmed:v:${code}`)));
    const [master] = owners;
    if (!master) throw new TypeError('codes have owners');
    const half = codes.slice(0, 30);
    const isHeldUp = (_: string, n: number): boolean => owners[n] === master;
    const replica = await cluster.replicaOf(master);
    const redeemed = new Map<string, string>();
    const redeem = async (code: string, n: number): Promise<void> => {
      const version = await state
        .swap(code, issued[n], 'redeemed', { durable: true, essential: true })
        .catch(() => undefined);
      if (version !== undefined) redeemed.set(code, version);
    };

    process.kill(replica.pid, 'SIGSTOP');
    await master.execute('client', 'kill', 'type', 'replica');
    await Promise.all(half.map(redeem));
    expect(half.filter(isHeldUp).filter((code) => redeemed.has(code))).toEqual([]);
    expect(redeemed.size).toBe(half.length - half.filter(isHeldUp).length);

    await master.kill();
    process.kill(replica.pid, 'SIGCONT');
    await promoted(replica);
    await master.restart();
    await expect
      .poll(() => replica.execute('INFO', 'replication'), { timeout: 10_000 })
      .toContain('state=online');
    await expect.poll(async () => (await state.health()).ok, { timeout: 10_000 }).toBe(true);
    // What was answered StateUnavailable may be redeemed now, once; what was answered may not.
    const again = await Promise.all(
      codes.map((code, n) => state.swap(code, issued[n], 'again', { durable: true })),
    );
    for (const [n, code] of codes.entries()) {
      if (redeemed.has(code)) expect(again[n]).toBeUndefined();
      const held = await state.get(code);
      expect(held?.version).toBe(redeemed.get(code) ?? again[n]);
    }
  }, 60_000);

  test('begins anew when the replica that takes over lacks a revocation: nothing revoked is alive', async () => {
    await ready();
    const [good, kept, lost] = [await newTokens(), await newTokens(), await newTokens()];
    expect((await post('/revoke', { token: kept.refresh_token })).status).toBe(200);
    const master = await masterOfLog();
    await expect
      .poll(() => cluster.replicaOf(master).catch(() => undefined), { timeout: 10_000 })
      .toBeDefined();
    const replica = await cluster.replicaOf(master);
    await expect
      .poll(() => replica.execute('INFO', 'replication'), { timeout: 10_000 })
      .toContain('master_link_status:up');
    expect(await isActive(lost.access_token)).toBe(true);

    process.kill(replica.pid, 'SIGSTOP');
    // Else it would find in its socket, once it goes on, what it seems to have missed.
    await master.execute('client', 'kill', 'type', 'replica');
    expect((await post('/revoke', { token: lost.refresh_token })).status).toBe(200);
    expect(await isActive(lost.access_token)).toBe(false);
    await master.kill();
    process.kill(replica.pid, 'SIGCONT');
    await promoted(replica);
    await expect
      .poll(async () => (await post(PATHS.introspect, { token: good.access_token })).status, {
        timeout: 20_000,
      })
      .toBe(200);

    for (let n = 0; n < 20; n += 1) expect(await isActive(lost.access_token)).toBe(false);
    expect(await isActive(good.access_token)).toBe(false);
    expect(await isActive(kept.access_token)).toBe(false);
    expect(latchkey.output()).toContain('"event":"revocation.epoch"');
    await ready();
    const anew = await newTokens();
    expect(await isActive(anew.access_token)).toBe(true);
  }, 60_000);
});

async function masterOfLog(): Promise<TestRedis> {
  const log = (await namesAtMasters()).find(({ name }) =>
    /^latchkey:l:.*:revocation:log:/u.test(name),
  );
  if (!log) throw new TypeError('there is a log');
  return await cluster.ownerOf(slotOf(log.name));
}

/** Waits until the node has found every master. */
async function ready(): Promise<void> {
  const status = async (): Promise<number> => (await lane.request('/readyz')).status;
  await expect.poll(status, { timeout: 10_000 }).toBe(200);
}

async function promoted(replica: TestRedis): Promise<void> {
  const role = (): Promise<string> => replica.execute('role').catch(() => '');
  await expect.poll(role, { timeout: 20_000, interval: 20 }).toMatch(/^master/u);
}

async function failOver(
  master: TestRedis,
  token: string,
): Promise<{ readonly promotedMs: number; readonly servesMs: number }> {
  const replica = await cluster.replicaOf(master);
  const began = performance.now();
  await master.kill();
  await promoted(replica);
  const promotedMs = performance.now() - began;
  await expect
    .poll(async () => (await post(PATHS.introspect, { token })).status, {
      timeout: 20_000,
      interval: 20,
    })
    .toBe(200);
  return { promotedMs, servesMs: performance.now() - began };
}
