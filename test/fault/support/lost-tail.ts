import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { authorize, basic, PATHS, redeem, type Authorized } from '../../../bench/browser-flow.ts';
import type { Answer } from '../../../bench/lane.ts';
import { createVerifier, type Verifier } from '../../../verifier/src/index.ts';
import type { TestRedis } from '../../support/redis.ts';
import { broken, paidTwice, tally, type Family } from './ledger.ts';
import { isActive, revoke, revokedAlive, signUp, startLoad, twiceAlive } from './load.ts';
import { measured } from './report.ts';
import { inTurn, type Visitor } from './visitor.ts';
import { API, APP, PERSON, SERVICE, type World } from './world.ts';

const TAIL_MS = 500;
const REFUSED_WITHIN_MS = 5000;

/** A master and its replica, and how long it takes until the one has followed the other. */
export interface Succession {
  readonly master: TestRedis;
  readonly replica: TestRedis;
  /** Whether the master has all that is kept, and not a part of it. */
  readonly isOnlyOne: boolean;
  promoted(): Promise<void>;
}

/**
 * Two nodes under load, whose master dies with what it acknowledged last: revocations and redemptions. Nothing that was
 * revoked is good at any node or API, no code is paid twice, and nobody meets a fault.
 */
export async function loseTail(world: World, succession: Succession): Promise<void> {
  const { ledger } = world;
  const both = [0, 1].map((node) => world.visitor({ node: () => node }));
  const before = await prepare(world);
  const from = ledger.lines.length;
  const crew = { people: 1, refreshers: 2, revokers: 2 };
  const load = await startLoad(world, crew, { node: inTurn(2), pauseMs: 20 });
  const began = performance.now();
  await succeed(succession, () => writeLast(world, before));
  const promotedMs = performance.now() - began;
  for (const visitor of both) await untilServed(visitor, before.token);
  const servesMs = performance.now() - began;
  await delay(TAIL_MS);
  await load.stop();
  const lines = ledger.lines.slice(from);
  measured('a master dies with its last writes', { promotedMs, servesMs, ...tally(lines) });

  expect(broken(lines, [400, 401, 503])).toEqual([]);
  expect(paidTwice(ledger)).toEqual([]);
  for (const visitor of both) await examine(world, visitor, before);
  const verdict = (): Promise<string> => before.api.verify(before.token).then(() => 'good', String);
  await expect.poll(verdict, { timeout: REFUSED_WITHIN_MS }).not.toBe('good');
  before.api.close();
  const answer = await sendForm(before.asked);
  expect(answer.status, answer.body).toBeLessThan(500);
  if (succession.isOnlyOne)
    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('<h1') });
  for (const visitor of both) {
    const { accessTokens } = await signUp(ledger, visitor);
    for (const other of both) expect(await isActive(other, accessTokens[0] ?? '')).toBe(true);
  }
}

/** What there is when the replica hears its last. */
interface Before {
  readonly good: Family;
  readonly lost: Family;
  readonly spent: Authorized;
  readonly kept: Authorized;
  readonly asked: Asked;
  readonly api: Verifier;
  /** Of a service, for the API. */
  readonly token: string;
}

async function prepare(world: World): Promise<Before> {
  const { ledger, issuer } = world;
  const visitor = world.visitor();
  const credentials = { clientId: SERVICE.id, clientSecret: SERVICE.secret };
  const revocation = { whenSilent: 'refuse' } as const;
  const api = createVerifier({ issuer, audience: API, revocation, credentials });
  const token = await serviceToken(visitor);
  await api.verify(token);
  return {
    good: await signUp(ledger, visitor),
    lost: await signUp(ledger, visitor),
    spent: await newCode(world),
    kept: await newCode(world),
    asked: await askForPage(world),
    api,
    token,
  };
}

/** The replica takes over, and lacks all that `writes` had acknowledged. */
async function succeed(
  { master, replica, promoted }: Succession,
  writes: () => Promise<void>,
): Promise<void> {
  process.kill(replica.pid, 'SIGSTOP');
  // Else it would find in its socket, once it goes on, what it seems to have missed.
  await master.execute('client', 'kill', 'type', 'replica');
  await writes();
  await master.kill();
  process.kill(replica.pid, 'SIGCONT');
  await promoted();
}

async function writeLast(world: World, { lost, spent, token }: Before): Promise<void> {
  const visitor = world.visitor({ node: () => 1 });
  await revoke(world.ledger, visitor, lost);
  const asking = { method: 'POST', headers: basic(SERVICE), form: { token } } as const;
  expect((await visitor.request('/revoke', asking)).status).toBe(200);
  expect((await redeem(visitor, APP, spent)).status).toBe(200);
  await delay(TAIL_MS);
}

async function examine(
  { ledger }: World,
  visitor: Visitor,
  { good, spent, kept }: Before,
): Promise<void> {
  for (const code of [spent, kept]) expect((await redeem(visitor, APP, code)).status).toBe(400);
  expect(await revokedAlive(visitor, ledger)).toEqual([]);
  expect(await twiceAlive(visitor, ledger)).toEqual([]);
  // The log lacks a revocation: for every node everything begins anew.
  expect(await isActive(visitor, good.accessTokens[0] ?? '')).toBe(false);
}

function newCode(world: World): Promise<Authorized> {
  return authorize(world.visitor({ isBrowser: true }), { client: APP, ...PERSON });
}

/** A browser before the page that asks who is there, and where it is. */
interface Asked {
  readonly visitor: Visitor;
  readonly path: string;
  readonly csrf: string;
}

async function askForPage(world: World): Promise<Asked> {
  const visitor = world.visitor({ isBrowser: true });
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: APP.id,
    redirect_uri: APP.redirectUri,
    scope: 'openid',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  });
  const { location = '' } = await visitor.request(`${PATHS.authorize}?${query.toString()}`);
  const path = new URL(location, world.issuer).pathname;
  const { status, body } = await visitor.request(path);
  expect(status).toBe(200);
  return { visitor, path, csrf: /name="csrf" value="([^"]*)"/u.exec(body)?.[1] ?? '' };
}

function sendForm({ visitor, path, csrf }: Asked): Promise<Answer> {
  const form = { ...PERSON, csrf, action: 'continue' };
  return visitor.request(path, { method: 'POST', form });
}

async function serviceToken(visitor: Visitor): Promise<string> {
  const form = { grant_type: 'client_credentials', resource: API, scope: 'read:messages' };
  const asking = { method: 'POST', headers: basic(SERVICE), form } as const;
  const { body } = await visitor.request(PATHS.token, asking);
  return (JSON.parse(body) as { access_token: string }).access_token;
}

async function untilServed(visitor: Visitor, token: string): Promise<void> {
  const form = { token };
  const served = async (): Promise<number> =>
    (await visitor.request(PATHS.introspect, { method: 'POST', headers: basic(APP), form })).status;
  await expect.poll(served, { interval: 20 }).toBe(200);
}
