import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { basic, PATHS } from '../../bench/browser-flow.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { slotOf } from '../../src/storage/redis/slots.ts';
import { rounds } from '../support/counts.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { startCluster, type TestCluster } from '../support/redis-cluster.ts';
import { redisSettings, type TestRedis } from '../support/redis.ts';
import { broken, endedFamilies, paidTwice, tally } from './support/ledger.ts';
import { isActive, revoke, revokedAlive, signUp, startLoad } from './support/load.ts';
import { loseTail } from './support/lost-tail.ts';
import { measured } from './support/report.ts';
import { inTurn, type Visitor } from './support/visitor.ts';
import { APP, openWorld, type World } from './support/world.ts';

const CREW = { people: 1, refreshers: 1, introspectors: 1 };
const SLOTS_MOVED = rounds(10, 100);

let cluster: TestCluster;
let world: World;
let visitor: Visitor;

beforeAll(async () => {
  cluster = await startCluster({ hasReplicas: true });
  world = await openWorld({
    state: 'redis',
    nodes: 2,
    redisSettings: { cluster: { nodes: cluster.nodes } },
  });
  visitor = world.visitor();
});
afterAll(async () => {
  await world?.close();
  await cluster?.close();
});

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

async function introspect(token: string): Promise<number> {
  const asking = { method: 'POST', headers: basic(APP), form: { token } } as const;
  return (await visitor.request(PATHS.introspect, asking)).status;
}

describe('a node whose state is on a Redis Cluster', () => {
  test(`serves everybody while ${SLOTS_MOVED} slots with what it keeps move to other masters`, async () => {
    const { ledger } = world;
    const revoked = await signUp(ledger, visitor);
    await revoke(ledger, visitor, revoked);
    const load = await startLoad(world, CREW, { node: inTurn(2) });
    const from = ledger.lines.length;
    const began = performance.now();
    const names = await namesAtMasters();
    const slots = [...new Set(names.map(({ name }) => slotOf(name)))];
    for (let moved = 0; moved < SLOTS_MOVED; moved += 1) {
      const slot = slots[moved % slots.length] ?? 0;
      const owner = await cluster.ownerOf(slot);
      const to = cluster.masters.find((master) => master !== owner) ?? owner;
      await cluster.moveSlot(slot, owner, to);
    }
    await load.stop();
    const lines = ledger.lines.slice(from);
    measured('slots moved under load', { ms: performance.now() - began, ...tally(lines) });
    // Of two that race for one code, one is refused.
    const meant = lines.filter(
      ({ what, status }) => !(what.endsWith('authorization_code') && status === 400),
    );
    expect(broken(meant, [])).toEqual([]);
    expect(paidTwice(ledger)).toEqual([]);
    expect(endedFamilies(ledger)).toEqual([]);
    expect(await revokedAlive(visitor, ledger)).toEqual([]);
  });

  test('goes on when a master dies and its replica takes over: 503 meanwhile, nothing lost, nothing revived', async () => {
    const { ledger } = world;
    const [good, revoked] = [await signUp(ledger, visitor), await signUp(ledger, visitor)];
    const [token = ''] = good.accessTokens;
    await revoke(ledger, visitor, revoked);
    const master = await masterOfLog();
    // What is tested here is the way to the new master, and not what a cut replication loses.
    await master.execute('wait', '1', '2000');
    const from = ledger.lines.length;
    const load = await startLoad(world, { refreshers: 1, introspectors: 1 }, { node: inTurn(2) });
    await delay(100);
    const { promotedMs, servesMs } = await failOver(master, token);
    await delay(200);
    await load.stop();
    const lines = ledger.lines.slice(from);
    measured('Cluster fail-over', { promotedMs, servesMs, ...tally(lines) });

    expect(broken(lines, [503])).toEqual([]);
    expect(servesMs - promotedMs).toBeLessThan(3000);
    expect(endedFamilies(ledger)).toEqual([]);
    expect(await isActive(visitor, token)).toBe(true);
    expect(await revokedAlive(visitor, ledger)).toEqual([]);
    await ready();
    expect((await signUp(ledger, visitor)).accessTokens).toHaveLength(1);
    await master.restart();
  });

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
    // It is called online before it confirms anything: it is there when writes at every master are confirmed.
    const areConfirmed = (): Promise<boolean> =>
      Promise.all(codes.map((code) => state.put(`${code}-probe`, 1, { durable: true }))).then(
        () => true,
        () => false,
      );
    await expect.poll(areConfirmed).toBe(true);
    await expect.poll(async () => (await state.health()).ok).toBe(true);
    // What was answered StateUnavailable may be redeemed now, once; what was answered may not.
    const again = await Promise.all(
      codes.map((code, n) => state.swap(code, issued[n], 'again', { durable: true })),
    );
    for (const [n, code] of codes.entries()) {
      if (redeemed.has(code)) expect(again[n]).toBeUndefined();
      const held = await state.get(code);
      expect(held?.version).toBe(redeemed.get(code) ?? again[n]);
    }
  });

  test('begins anew when the replica that takes over lacks what its master did last: nothing revoked is good', async () => {
    await ready();
    const master = await masterOfLog();
    await expect.poll(() => cluster.replicaOf(master).catch(() => undefined)).toBeDefined();
    const replica = await cluster.replicaOf(master);
    await expect
      .poll(() => replica.execute('INFO', 'replication'))
      .toContain('master_link_status:up');
    await loseTail(world, {
      master,
      replica,
      isOnlyOne: false,
      promoted: () => promoted(replica),
    });
    await expect
      .poll(() => world.nodes.map((node) => node.output()).join(''))
      .toContain('"event":"revocation.epoch"');
  });
});

async function masterOfLog(): Promise<TestRedis> {
  const log = (await namesAtMasters()).find(({ name }) =>
    /^latchkey:l:.*:revocation:log:/u.test(name),
  );
  if (!log) throw new TypeError('there is a log');
  return await cluster.ownerOf(slotOf(log.name));
}

/** Waits until both nodes have found every master. */
async function ready(): Promise<void> {
  for (const node of world.nodes.keys()) {
    const asking = world.visitor({ node: () => node });
    const status = async (): Promise<number> => (await asking.request('/readyz')).status;
    await expect.poll(status).toBe(200);
  }
}

async function promoted(replica: TestRedis): Promise<void> {
  const role = (): Promise<string> => replica.execute('role').catch(() => '');
  await expect.poll(role, { interval: 20 }).toMatch(/^master/u);
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
  await expect.poll(() => introspect(token), { interval: 20 }).toBe(200);
  return { promotedMs, servesMs: performance.now() - began };
}
