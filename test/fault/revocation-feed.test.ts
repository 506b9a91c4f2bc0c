import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomId } from '../../src/runtime/random.ts';
import { rounds } from '../support/counts.ts';
import { untilFollowing, type Api, type ApiProcess } from '../support/revocation/apis.ts';
import { openTown, untilRefused, type Town } from '../support/revocation/town.ts';
import { startStallWatch, type StallWatch } from '../support/stall-watch.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { measured } from './support/report.ts';

const DETAILS = {
  reason: 'test',
  actor: { by: 'test', origin: { address: '127.0.0.1' } },
} as const;
/** The feed speaks four times a second: silent for one, nobody knows. A request that comes as silence begins waits a second for a word. */
const BOUND_MS = 2000;
/** On top, for a machine that does other things as well. */
const SLACK_MS = 1500;
const CUT_MS = rounds(8000, 60_000);
const ACCEPT_SECONDS = rounds(6, 30);
const SUSPENDED_MS = rounds(3000, 30_000);
const BURST = rounds(1000, 10_000);
const SERVICE = 'service-0';

let town: Town;
let stalls: StallWatch;

beforeAll(async () => {
  stalls = startStallWatch();
  town = await openTown({ state: 'embedded', nodes: 2 });
});
afterAll(async () => {
  await town?.close();
  stalls.stop();
});

const issue = (): Promise<string> => town.serviceToken(SERVICE, 0);

async function revoke(token: string): Promise<void> {
  await town.revokeOwn(SERVICE, token, 0);
  town.ledger.revoked([token], performance.now());
}

async function answers(apis: readonly Api[], token: string): Promise<readonly number[]> {
  return Promise.all(apis.map((api) => api.present(token)));
}

/** What the verifiers of this file promise: nothing that is revoked once silence must have been noticed. */
function expectNoneAccepted(apis: readonly Api[], graceMs: number): void {
  const names = new Set(apis.map(({ name }) => name));
  const violations = town.ledger.violations(graceMs, stalls).filter(({ api }) => names.has(api));
  expect(violations).toEqual([]);
}

describe('a feed that is cut', () => {
  let wire: TcpProxy;
  let apis: readonly Api[];

  beforeAll(async () => {
    wire = await startTcpProxy({ port: town.world.ports[0] ?? 0 });
    const plan = { feedPort: wire.port };
    ({ apis } = await town.start([
      town.plan({ ...plan, whenSilent: 'refuse' }),
      town.plan({ ...plan, whenSilent: 'introspect', framework: 'fastify' }),
      town.plan({ ...plan, whenSilent: { acceptForSeconds: ACCEPT_SECONDS } }),
    ]));
  });
  afterAll(() => wire?.close());

  test(`for ${CUT_MS} ms lets each policy do what it says, and is made good`, async () => {
    const [good, before, during] = await Promise.all([issue(), issue(), issue()]);
    for (const token of [good, before, during])
      expect(await answers(apis, token)).toEqual([200, 200, 200]);
    await revoke(before);
    await Promise.all(apis.map((api) => untilRefused(api, before)));

    wire.blackHole();
    const cutMs = performance.now();
    await revoke(during);
    await delay(BOUND_MS);
    // 503: nobody knows; asked, the issuer knows; accepted on purpose, for so long as was said.
    expect(await answers(apis, good)).toEqual([503, 200, 200]);
    expect(await answers(apis, during)).toEqual([503, 401, 200]);
    expect(await answers(apis, before)).toEqual([401, 401, 401]);

    await delay(Math.max(0, cutMs + CUT_MS - performance.now()));
    expect(await answers(apis, good)).toEqual([503, 200, 503]);
    expect(await answers(apis, during)).toEqual([503, 401, 503]);
    expect(await answers(apis, before)).toEqual([401, 401, 401]);

    await wire.heal();
    await Promise.all(apis.map((api) => untilFollowing(api)));
    await Promise.all(apis.map((api) => untilRefused(api, during)));
    await expect.poll(() => answers(apis, good)).toEqual([200, 200, 200]);
    expectNoneAccepted(apis.slice(0, 2), 1000 + SLACK_MS);
    expectNoneAccepted(apis, ACCEPT_SECONDS * 1000 + SLACK_MS);
  });
});

test(`a process that was suspended for ${SUSPENDED_MS} ms accepts nothing on old knowledge`, async () => {
  const running = await town.start([town.plan({}), town.plan({ framework: 'fastify' })]);
  const { apis, pid } = running;
  const [good, token] = await Promise.all([issue(), issue()]);
  expect(await answers(apis, token)).toEqual([200, 200]);
  process.kill(pid, 'SIGSTOP');
  try {
    await revoke(token);
    await delay(SUSPENDED_MS);
    // Sent while it sleeps, answered as it wakes.
    const asked = answers(apis, token);
    process.kill(pid, 'SIGCONT');
    for (const status of await asked) expect(status).not.toBe(200);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await Promise.all(apis.map((api) => untilRefused(api, token)));
  await expect.poll(() => answers(apis, good)).toEqual([200, 200]);
  expectNoneAccepted(apis, 1000);
  await running.close();
});

test('a clock that is wrong by five minutes, either way, lets nothing revoked in', async () => {
  const running = await town.start([
    town.plan({ clockOffsetMs: 300_000 }),
    town.plan({ clockOffsetMs: -300_000, framework: 'fastify' }),
  ]);
  const { apis } = running;
  const [good, token] = await Promise.all([issue(), issue()]);
  expect(await answers(apis, token)).toEqual([200, 200]);
  await revoke(token);
  await Promise.all(apis.map((api) => untilRefused(api, token)));
  expect(await answers(apis, good)).toEqual([200, 200]);
  expectNoneAccepted(apis, SLACK_MS);
  await running.close();
});

describe(`${BURST} revocations at once`, () => {
  let first: ApiProcess;

  beforeAll(async () => {
    first = await town.start([
      town.plan({ node: 0 }),
      town.plan({ node: 1, framework: 'fastify' }),
    ]);
  });

  test('are known everywhere, and to an API that takes its snapshot meanwhile', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, issue));
    const every = Math.floor(BURST / tokens.length);
    const beganMs = performance.now();
    const bursting = Array.from({ length: BURST }, async (_, index) => {
      const token = index % every === 0 ? tokens[index / every] : undefined;
      const what = token === undefined ? undefined : await town.rooms.takeBack.read(token);
      await town.rooms.takeBack.revoke(what ?? town.rooms.takeBack.token(randomId()), DETAILS);
      if (token !== undefined) town.ledger.revoked([token], performance.now());
    });
    const second = await town.start([town.plan({ node: 1 })]);
    await Promise.all(bursting);
    const burstMs = performance.now() - beganMs;
    const apis = [...first.apis, ...second.apis];
    await Promise.all(
      apis.flatMap((api) => tokens.map((token) => untilRefused(api, token, 20_000))),
    );
    const knownMs = performance.now() - beganMs;
    expectNoneAccepted(apis, SLACK_MS);
    const last = town.rooms.revocation.health().number;
    for (const api of apis) await untilFollowing(api, last);
    measured('burst of revocations', { BURST, burstMs, knownMs });
    await Promise.all([first.close(), second.close()]);
  });
});

test('when the node dies that it follows, an API stops accepting, and goes on with the next', async () => {
  const running = await town.start([town.plan({ node: 1 })]);
  const { apis } = running;
  const [good, token] = await Promise.all([issue(), issue()]);
  expect(await answers(apis, token)).toEqual([200]);
  await town.world.nodes[1]?.kill();
  await revoke(token);
  await delay(BOUND_MS);
  expect(await answers(apis, token)).toEqual([503]);
  await town.world.start(1);
  await Promise.all(apis.map((api) => untilRefused(api, token)));
  await expect.poll(() => answers(apis, good)).toEqual([200]);
  expectNoneAccepted(apis, 1000);
  await running.close();
});
