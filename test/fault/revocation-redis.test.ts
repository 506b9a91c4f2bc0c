import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RevocationUnconfirmed } from '../../src/revocation/revocation.ts';
import { rounds } from '../support/counts.ts';
import { startRedis } from '../support/redis.ts';
import { untilFollowing, type Api } from '../support/revocation/apis.ts';
import { openTown, spread, untilRefused, type Town } from '../support/revocation/town.ts';
import { startStallWatch, type StallWatch } from '../support/stall-watch.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { timeOf } from '../support/time-until.ts';
import { measured } from './support/report.ts';

const DETAILS = {
  reason: 'test',
  actor: { by: 'test', origin: { address: '127.0.0.1' } },
} as const;
const SERVICE = 'service-0';
/** An API of policy `refuse` accepts nothing once its feed has been silent for so long; requests wait for a word first. */
const SILENT_MS = 2500;
const DEATHS = rounds(8, 100);
const GOAL_MS = 1000;

let town: Town;
let apis: readonly Api[];
let stalls: StallWatch;

beforeAll(async () => {
  stalls = startStallWatch();
  town = await openTown({
    state: 'redis',
    nodes: 2,
    redisArgs: ['--repl-diskless-sync-delay', '0'],
  });
  ({ apis } = await town.start([
    town.plan({ node: 0 }),
    town.plan({ node: 1, framework: 'fastify' }),
  ]));
});
afterAll(async () => {
  await town?.close();
  stalls.stop();
});

const issue = (): Promise<string> => town.serviceToken(SERVICE, 0);

async function answers(token: string): Promise<readonly number[]> {
  return Promise.all(apis.map((api) => api.present(token)));
}

test('Redis killed between the write and the notice: the token falls, and nothing else', async () => {
  const [good, token] = await Promise.all([issue(), issue()]);
  expect(await answers(token)).toEqual([200, 200]);
  const what = await town.rooms.takeBack.read(token);
  if (what === undefined) throw new TypeError('a token of ours');
  // Only an append says until when an entry is told.
  const written = town.world.wire.dropNextReply('tellUntil');
  const revoking = town.rooms.takeBack.revoke(what, DETAILS).catch((error: unknown) => error);
  await written;
  await town.world.wire.refuse();
  await town.world.redis.kill();
  const answer = await revoking;
  // It could not be confirmed, and is kept to be carried out.
  expect(answer).toBeInstanceOf(RevocationUnconfirmed);
  expect(answer).toHaveProperty('isKept', true);

  await delay(SILENT_MS);
  expect(await answers(token)).toEqual([503, 503]);
  await town.world.redis.restart();
  await town.world.wire.heal();
  await Promise.all(apis.map((api) => untilFollowing(api)));
  await Promise.all(apis.map((api) => untilRefused(api, token)));
  town.ledger.revoked([token], performance.now());
  await expect.poll(() => answers(good)).toEqual([200, 200]);
  for (let round = 0; round < 50; round += 1) expect(await answers(token)).toEqual([401, 401]);
  expect(town.ledger.violations(0)).toEqual([]);
});

test(`when the node is suspended that an API follows, it goes over to the next: ${DEATHS} times a token revoked there is refused within a second`, async () => {
  const [first, second] = town.world.nodes;
  const [firstPort = 0, secondPort = 0] = town.world.ports;
  const balancer = await startTcpProxy({ port: secondPort });
  const running = await town.start([town.plan({ feedPort: balancer.port })]);
  const [api] = running.apis;
  if (!first || !second || !api) throw new TypeError('two nodes, one API');
  const refusedMs: number[] = [];
  const signal = (name: NodeJS.Signals): void => void process.kill(second.process.pid ?? 0, name);
  try {
    for (let round = 0; round < DEATHS; round += 1) {
      const token = await issue();
      expect(await api.present(token)).toBe(200);
      // At any moment between two words of the feed.
      await delay((round * 97) % 250);
      signal('SIGSTOP');
      // What is connected stays so, as with a machine that is gone: only new connections lead elsewhere.
      balancer.leadTo({ port: firstPort });
      await town.revokeOwn(SERVICE, token, 0);
      town.ledger.revoked([token], performance.now());
      refusedMs.push(await timeOf(() => untilRefused(api, token)));
      signal('SIGCONT');
      balancer.leadTo({ port: secondPort });
      balancer.cut();
      await untilFollowing(api);
    }
  } finally {
    signal('SIGCONT');
    await balancer.close();
  }
  measured('revoked to refused, over the death of the followed node', spread(refusedMs));
  expect(town.ledger.violations(GOAL_MS, stalls)).toEqual([]);
  expect(spread(refusedMs).p99).toBeLessThanOrEqual(GOAL_MS);
  await running.close();
});

test('a replica that lacks the newest revocations takes over: everybody begins anew, and nothing revoked is alive', async () => {
  const { redis } = town.world;
  const replication = await startTcpProxy({ port: redis.port });
  const replica = await startRedis({
    port: 0,
    args: ['--replicaof', `127.0.0.1 ${replication.port}`],
  });
  let forwarder: Server | undefined;
  try {
    const [good, replicated, lost] = await Promise.all([issue(), issue(), issue()]);
    await town.revokeOwn(SERVICE, replicated, 0);
    town.ledger.revoked([replicated], performance.now());
    await Promise.all(apis.map((api) => untilRefused(api, replicated)));
    await expect
      .poll(() => replica.execute('info', 'replication'))
      .toContain('master_link_status:up');
    await expect
      .poll(
        async () =>
          offsetOf(await replica.execute('info', 'replication')) ===
          offsetOf(await redis.execute('info', 'replication')),
      )
      .toBe(true);
    const before = await Promise.all(apis.map((api) => api.status()));

    await replication.refuse();
    expect(await answers(lost)).toEqual([200, 200]);
    await town.revokeOwn(SERVICE, lost, 1);
    town.ledger.revoked([lost], performance.now());
    await Promise.all(apis.map((api) => untilRefused(api, lost)));

    await redis.kill();
    await replica.execute('replicaof', 'no', 'one');
    forwarder = await forward(redis.port, replica.port);
    await Promise.all(apis.map((api) => untilRefused(api, good)));
    const after = await Promise.all(apis.map((api) => api.status()));
    for (const [index, { epoch, number }] of after.entries()) {
      expect(epoch).not.toBe(before[index]?.epoch);
      expect(epoch).toMatch(/^2-/);
      // Numbers never go back.
      expect(number).toBeGreaterThan(before[index]?.number ?? Infinity);
    }
    for (let round = 0; round < 50; round += 1) {
      expect(await answers(lost)).toEqual([401, 401]);
      expect(await answers(replicated)).toEqual([401, 401]);
    }
    const fresh = await issue();
    await expect.poll(() => answers(fresh)).toEqual([200, 200]);
    expect(town.ledger.violations(1000, stalls)).toEqual([]);
  } finally {
    forwarder?.close();
    await replication.close();
    await replica.stop();
  }
});

/** How much of the stream of writes was sent, or taken in. */
function offsetOf(info: string): string {
  const { master, slave } =
    /(?:slave_repl_offset:(?<slave>\d+)[\s\S]*)?master_repl_offset:(?<master>\d+)/.exec(info)
      ?.groups ?? {};
  return slave ?? master ?? '';
}

/** Where the first Redis was, the second answers: as a name that now leads to it. */
async function forward(port: number, to: number): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
