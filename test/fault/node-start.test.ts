import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { basic, type TokenAnswer } from '../../bench/browser-flow.ts';
import { startPostgres } from '../support/postgres.ts';
import { timeUntil } from '../support/time-until.ts';
import { measured } from './support/report.ts';
import { openWorld, SERVICE, type World } from './support/world.ts';

const JOINS_WITHIN_MS = 2000;

interface KeySet {
  readonly keys: readonly { readonly kid: string }[];
}

let world: World;
const get = (path: string): Promise<Response> =>
  fetch(`${world.issuer}${path}`, { signal: AbortSignal.timeout(60_000) });

async function statusOf(path: string): Promise<number> {
  return (await get(path).catch(() => undefined))?.status ?? 0;
}

/** Asks the node for a token, which needs all its rooms. */
function askForToken(): Promise<Response> {
  return fetch(`${world.issuer}/token`, {
    method: 'POST',
    headers: basic(SERVICE),
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
}

/** How long it takes from now until the node says that it is ready. */
async function joined(): Promise<number> {
  return await timeUntil(async () => (await statusOf('/readyz')) === 200);
}

async function expectAliveAndWaiting(): Promise<void> {
  await expect.poll(() => statusOf('/livez')).toBe(200);
  expect(await statusOf('/readyz')).toBe(503);
}

/** Ready, serving, and still the process that was started. */
async function expectServing(): Promise<TokenAnswer> {
  const answer = await askForToken();
  const tokens = (await answer.json()) as TokenAnswer;
  expect(answer.status, JSON.stringify(tokens)).toBe(200);
  expect(world.nodes[0]?.process.exitCode).toBeNull();
  return tokens;
}

afterEach(() => world.close());

describe('a node that starts before its Redis', () => {
  beforeEach(async () => {
    world = await openWorld({ state: 'redis' });
  });

  test('serves the keys that it knows, issues nothing, and joins when Redis comes', async () => {
    const before = (await (await get('/.well-known/jwks.json')).json()) as KeySet;
    await world.nodes[0]?.kill();
    await world.redis.kill();
    await world.start(0, { dontWait: true });
    await expectAliveAndWaiting();

    await expect.poll(() => statusOf('/.well-known/jwks.json')).toBe(200);
    const cutOff = await get('/.well-known/jwks.json');
    expect((await cutOff.json()) as KeySet).toEqual(before);
    // Nobody may keep a key set for long that a node cannot vouch for.
    expect(cutOff.headers.get('cache-control')).toMatch(/max-age=\d{1,3}\b|no-/u);
    expect(await statusOf('/.well-known/openid-configuration')).toBe(200);
    const refused = await askForToken();
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);

    await world.redis.restart();
    const joinedMs = await joined();
    measured('Redis absent at start, keys known', { joinedMs });
    expect(joinedMs).toBeLessThan(JOINS_WITHIN_MS);
    const { access_token: token } = await expectServing();
    const kids = before.keys.map(({ kid }) => kid);
    expect(kids).toContain(decodeProtectedHeader(token).kid);
  });
});

test('the first node of all waits for its Redis, alive and not ready, and then makes its keys', async () => {
  world = await openWorld({ state: 'redis', started: 0 });
  await world.redis.kill();
  await world.start(0, { dontWait: true });
  await expectAliveAndWaiting();
  const documents = await get('/.well-known/jwks.json');
  expect(documents.status).toBe(503);
  expect(Number(documents.headers.get('retry-after'))).toBeGreaterThan(0);
  await world.redis.restart();
  const joinedMs = await joined();
  measured('Redis absent at the first start', { joinedMs });
  expect(joinedMs).toBeLessThan(JOINS_WITHIN_MS);
  await expectServing();
});

test('a node that starts before its PostgreSQL waits for it, alive and not ready', async () => {
  const postgres = await startPostgres();
  try {
    const url = await postgres.createDatabase();
    await postgres.kill();
    world = await openWorld({
      state: 'embedded',
      dontWait: true,
      settings: { storage: { records: { engine: 'postgres', postgres: { url } } } },
    });
    await expectAliveAndWaiting();
    expect((await askForToken()).status).toBe(503);
    await postgres.restart();
    const joinedMs = await joined();
    measured('PostgreSQL absent at start', { joinedMs });
    expect(joinedMs).toBeLessThan(JOINS_WITHIN_MS);
    await expectServing();
  } finally {
    await world.nodes[0]?.kill();
    await postgres.stop();
  }
});
