import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, PATHS, signIn, type TokenAnswer } from '../../bench/browser-flow.ts';
import { createLane, type Answer, type Lane } from '../../bench/lane.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { startSentinelSet, type SentinelSet } from '../support/sentinel.ts';
import { measured } from './support/report.ts';

const APP = {
  id: 'app',
  secret: 'app-secret-of-the-sentinel-tests-0123456789',
  redirectUri: 'https://app.example/callback',
};
const PERSON = { login: 'alice@example.com', password: 'latchkey-dev' };

let set: SentinelSet;
let latchkey: Latchkey;
let lane: Lane;

beforeAll(async () => {
  set = await startSentinelSet();
  const sentinel = { nodes: set.nodes, name: set.name };
  latchkey = await startLatchkey({
    settings: {
      storage: {
        state: { engine: 'redis', redis: { url: 'redis://nobody.invalid/0', sentinel } },
      },
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
  await lane.close();
  await latchkey.kill();
  await latchkey.clean();
  await set.close();
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

describe('a master that dies, with Sentinels that make another', () => {
  test('is followed by the next within seconds: nothing is lost, nothing revoked lives, nobody sees a fault', async () => {
    const [good, revoked] = [await newTokens(), await newTokens()];
    expect((await post('/revoke', { token: revoked.refresh_token })).status).toBe(200);
    // What is tested here is that the node finds the new master, and not what a cut replication loses.
    await (await set.master()).execute('wait', '1', '2000');

    const statuses: number[] = [];
    const over = new AbortController();
    const asking = (async () => {
      while (!over.signal.aborted) {
        statuses.push((await post(PATHS.introspect, { token: good.access_token })).status);
        await delay(20);
      }
    })();
    await delay(200);
    const began = performance.now();
    await set.failOver();
    const promotedMs = performance.now() - began;
    await expect.poll(() => statuses.at(-1), { timeout: 20_000, interval: 20 }).toBe(200);
    const servesMs = performance.now() - began;
    over.abort();
    await asking;
    measured('Sentinel fail-over', { promotedMs, servesMs });

    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(servesMs - promotedMs).toBeLessThan(3000);
    expect(await isActive(good.access_token)).toBe(true);
    expect(await isActive(revoked.access_token)).toBe(false);
    const refreshed = await post(PATHS.token, {
      grant_type: 'refresh_token',
      refresh_token: good.refresh_token,
    });
    expect(refreshed.status).toBe(200);
    // What is written durably goes by a connection of its own, which may find the new master a moment later.
    const signsIn = (): Promise<unknown> => newTokens().then(() => 'signed in', String);
    await expect.poll(signsIn, { timeout: 3000 }).toBe('signed in');
  });
});
