import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authorize, redeem, type TokenAnswer } from '../../bench/browser-flow.ts';
import type { Settings } from '../support/latchkey.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { broken, endedFamilies, paidTwice } from './support/ledger.ts';
import {
  clientOf,
  isActive,
  isKnown,
  refresh,
  register,
  revoke,
  revokedAlive,
  signUp,
  twiceAlive,
} from './support/load.ts';
import type { Visitor } from './support/visitor.ts';
import { APP, openWorld, PERSON, type World } from './support/world.ts';

const WINDOW_SECONDS = 2;
/** How often the engine of the state tries one write before it gives up. */
const TRIES_OF_A_WRITE = 3;

let world: World;
let visitor: Visitor;
let other: Visitor;

async function open(settings: Settings): Promise<void> {
  const registration = { mode: 'open' };
  const tokens = { refreshRetryWindow: `${WINDOW_SECONDS}s` };
  world = await openWorld({
    state: 'redis',
    nodes: 2,
    settings: { registration, tokens, ...settings },
  });
}

beforeEach(async () => {
  visitor = world.visitor();
  other = world.visitor({ node: () => 1 });
  await untilReady();
});

async function untilReady(): Promise<void> {
  for (const port of world.ports) {
    await expect
      .poll(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status)
      .toBe(200);
  }
}

/** Does `act` while the answer to the next request that holds `marker` gets lost on its way back. */
async function losingReply<Result>(
  wire: TcpProxy,
  marker: string,
  act: () => Promise<Result>,
): Promise<Result> {
  const lost = wire.dropNextReply(marker);
  const result = await act();
  await lost;
  return result;
}

async function expectConsistent(): Promise<void> {
  expect(paidTwice(world.ledger)).toEqual([]);
  expect(endedFamilies(world.ledger)).toEqual([]);
  expect(await revokedAlive(other, world.ledger)).toEqual([]);
  expect(await twiceAlive(other, world.ledger)).toEqual([]);
}

describe('an answer of Redis that is lost after the write', () => {
  beforeAll(() => open({}));
  afterAll(() => world.close());

  test('of a code: the request is paid all the same, and the code only once', async () => {
    const authorized = await authorize(visitor, { client: APP, ...PERSON });
    const answer = await losingReply(world.wire, 'redeemedAtMs', () =>
      redeem(visitor, APP, authorized),
    );
    expect(answer.status, answer.body).toBe(200);
    const tokens = JSON.parse(answer.body) as TokenAnswer;
    world.ledger.redeemed(authorized.code, tokens);
    expect(await isActive(other, tokens.access_token)).toBe(true);
    const again = await redeem(other, APP, authorized);
    expect(again.status).toBe(400);
    await expectConsistent();
  });

  test('of a rotation: the request gets the next token, and the family goes on', async () => {
    const family = await signUp(world.ledger, visitor);
    const answer = await losingReply(world.wire, 'rotatedAtMs', () =>
      refresh(world.ledger, visitor, family),
    );
    expect(answer.status, answer.body).toBe(200);
    expect((await refresh(world.ledger, other, family)).status).toBe(200);
    await expectConsistent();
  });

  test('of a rotation, and then Redis is away for longer than the retry window: the family goes on', async () => {
    const family = await signUp(world.ledger, visitor);
    const lost = world.wire.dropNextReply('rotatedAtMs');
    const answering = refresh(world.ledger, visitor, family);
    await lost;
    await world.wire.refuse();
    expect((await answering).status).toBe(503);
    await delay((WINDOW_SECONDS + 1) * 1000);
    await world.wire.heal();
    await untilReady();
    // Ready is who has reached Redis again; a connection more may still be on its way there, and its request is told to
    // come again.
    await expect.poll(async () => (await refresh(world.ledger, visitor, family)).status).toBe(200);
    expect((await refresh(world.ledger, other, family)).status).toBe(200);
    await expectConsistent();
  });

  test.each(['DeadGrant', 'tellUntil'])(
    'of a revocation (%s): the request is answered 200, and every node refuses the tokens',
    async (marker) => {
      const family = await signUp(world.ledger, visitor);
      await losingReply(world.wire, marker, () => revoke(world.ledger, visitor, family));
      expect(world.ledger.revoked).toContain(family.accessTokens[0]);
      await expectConsistent();
    },
  );

  test('of a new session, each time that it is tried: 503 and no fault, and then a sign-in as ever', async () => {
    const browser = world.visitor({ isBrowser: true });
    const from = world.ledger.lines.length;
    const signingIn = signUp(world.ledger, browser).then(() => 'signed in', String);
    for (let tries = 0; tries < TRIES_OF_A_WRITE; tries += 1)
      await world.wire.dropNextReply('"kind":"Session"');
    expect(await signingIn).toContain('503');
    expect(broken(world.ledger.lines.slice(from), [503])).toEqual([]);
    await untilReady();
    await signUp(world.ledger, browser);
  });

  test('of the quota of registrations: one client is made, and can be used', async () => {
    const answer = await losingReply(world.wire, 'registrations:', () =>
      register(visitor, 'Lost count'),
    );
    expect(answer.status, answer.body).toBe(201);
    expect(await isKnown(other, clientOf(answer))).toBe(true);
  });
});

describe('an answer of PostgreSQL that is lost after the write', () => {
  let postgres: TestPostgres;
  let wire: TcpProxy;
  beforeAll(async () => {
    postgres = await startPostgres();
    wire = await startTcpProxy({ port: postgres.port });
    const url = new URL(await postgres.createDatabase());
    url.port = String(wire.port);
    await open({ storage: { records: { engine: 'postgres', postgres: { url: url.href } } } });
  });
  afterAll(async () => {
    await world.close();
    await wire.close();
    await postgres.stop();
  });

  test('of a registration: the client is told to come again, and then has one that works', async () => {
    const answer = await losingReply(wire, 'insert into "client"', () =>
      register(visitor, 'Lost client'),
    );
    const made = answer.status === 503 ? await register(visitor, 'Lost client') : answer;
    expect([201, 503]).toContain(answer.status);
    expect(made.status, made.body).toBe(201);
    expect(await isKnown(other, clientOf(made))).toBe(true);
  });
});
