import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import type { State, Version } from '../../src/storage/state.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { redisSettings, startRedis, type TestRedis } from '../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import {
  openExchanges,
  outcomeOf,
  type Exchange,
  type Exchanges,
  type Use,
} from './support/exchanges.ts';
import { stepsIn, type Step } from './support/steps-once.ts';

/** How the use of each is refused. */
const REFUSALS: Readonly<Record<Exchange | Step, string>> = {
  'an authorization code': 'invalid_grant',
  'a pushed request': 'no code',
  'a page of a sign-in': 'gone',
  'a device code': 'invalid_grant',
  'a backchannel request': 'invalid_grant',
  'a DPoP proof': 'invalid_dpop_proof',
  'a client assertion': 'invalid_client',
  'an assertion of a partner': 'invalid_grant',
  'a link that recovers an account': 'gone',
  'a step of a sign-in': 'gone',
  'a second factor for Auth0': 'gone',
  'a challenge of Cognito': 'gone',
  'a handshake of Cognito': 'gone',
};

const PATIENCE = { timeout: 60_000, interval: 20 };

let one: TestRedis;
let other: TestRedis;
let wire: TcpProxy;
let state: State;
let exchanges: Exchanges;
let makers: Readonly<Record<string, () => Promise<Use>>>;
/** Of each: one that was used at the old master after the other was cut off, and one that was not used. */
const made = new Map<string, { readonly spent: Use; readonly kept: Use }>();
let readBefore: Version;
let refreshed: { readonly before: string; readonly after: string };

beforeAll(async () => {
  one = await startRedis({ port: 0, args: ['--repl-diskless-sync-delay', '0'] });
  other = await startRedis({ port: 0, args: ['--replicaof', '127.0.0.1', String(one.port)] });
  wire = await startTcpProxy({ port: one.port });
  const { logger } = createRecordingLogger();
  const settings = redisSettings(`redis://127.0.0.1:${wire.port}/0`);
  state = await openRedisState(settings, { clock: systemClock, logger });
  // Proofs of the second in which it started are refused.
  await delay(1000 - (Date.now() % 1000));
  exchanges = await openExchanges(state);
  makers = { ...exchanges.makers, ...stepsIn(state) };
  await useAndFailOver();
});
afterAll(async () => {
  await exchanges?.house.close();
  await state?.close();
  await wire?.close();
  await Promise.all([one?.stop(), other?.stop()]);
});

async function useAndFailOver(): Promise<void> {
  const { app, house } = exchanges;
  for (const [name, make] of Object.entries(makers))
    made.set(name, { spent: await make(), kept: await make() });
  const { refresh_token: before = '' } = await app.signIn(house.browser());
  readBefore = await state.put('read-before', 'issued', { once: true });
  // It was written last: what the other holds now is all that was written.
  await vi.waitUntil(async () => (await readAtTheOther()).includes(`${readBefore}|`), PATIENCE);
  await other.execute('REPLICAOF', 'NO', 'ONE');
  // From here on the other is told nothing: the tail that is lost.
  for (const [name, { spent }] of made) expect([name, await spent()]).toEqual([name, 'done']);
  const answer = await app.refresh(before);
  const { refresh_token: after } = (await answer.json()) as { refresh_token: string };
  refreshed = { before, after };
  wire.leadTo({ port: other.port });
  await one.kill();
  while (!(await state.health()).ok) await delay(50);
}

function readAtTheOther(): Promise<string> {
  return other.execute('GET', 'latchkey:v:read-before');
}

describe('a replica that is promoted and lacks what was done last', () => {
  test.each(Object.entries(REFUSALS))('does not do %s again', async (name, refusal) => {
    expect(await made.get(name)?.spent()).toBe(refusal);
  });

  test.each(Object.entries(REFUSALS))(
    'refuses %s that was not used, since nobody can tell, and takes a new one',
    async (name, refusal) => {
      expect(await made.get(name)?.kept()).toBe(refusal);
      // Of a proof the second in which the replica was seen counts as before.
      const useNew = async (): Promise<string | undefined> => (await makers[name]?.())?.();
      await expect.poll(useNew).toBe('done');
    },
  );

  test('takes no swap from what was read at the old master, though it holds just that', async () => {
    expect(await readAtTheOther()).toContain(`${readBefore}|`);
    expect(await state.swap('read-before', readBefore, 'used')).toBeUndefined();
  });

  test('takes no client assertion for a minute that does not say when it was made', async () => {
    expect(await (await exchanges.makeAssertion(false))()).toBe('invalid_client');
  });

  test('has the client sign in again whose refresh it lacks, and nobody else have its place', async () => {
    const { app } = exchanges;
    expect(await outcomeOf(app.refresh(refreshed.after))).toBe('invalid_grant');
    expect(await outcomeOf(app.refresh(refreshed.before))).toBe('invalid_grant');
  });

  test('has not taken away what was signed in', async () => {
    const { app, house } = exchanges;
    const { refresh_token = '' } = await app.signIn(house.browser());
    expect((await app.refresh(refresh_token)).status).toBe(200);
  });
});
