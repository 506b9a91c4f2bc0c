import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorize, basic, redeem, type TokenAnswer } from '../../bench/browser-flow.ts';
import { PATIENT_REDIS } from '../support/redis.ts';
import { broken, type Family } from './support/ledger.ts';
import { isActive, refresh, revoke, revokedAlive, signUp } from './support/load.ts';
import type { Visitor } from './support/visitor.ts';
import { API, APP, openWorld, PERSON, SERVICE, type World } from './support/world.ts';

/** Less than an empty Redis takes. */
const TOO_LITTLE = '500kb';

let world: World;
let visitor: Visitor;
let browser: Visitor;
let family: Family;

beforeAll(async () => {
  world = await openWorld({ state: 'redis', redisLimits: PATIENT_REDIS });
  visitor = world.visitor();
  browser = world.visitor({ isBrowser: true });
  family = await signUp(world.ledger, browser);
});
afterAll(() => world.close());

function setMemory(limit: string): Promise<string> {
  return world.redis.execute('CONFIG', 'SET', 'maxmemory', limit);
}

describe('a Redis without memory left', () => {
  test('redeems the codes that are on their way, once', async () => {
    const authorized = await authorize(browser, { client: APP, ...PERSON });
    await setMemory(TOO_LITTLE);
    const answer = await redeem(visitor, APP, authorized);
    expect(answer.status, answer.body).toBe(200);
    const { access_token: token } = JSON.parse(answer.body) as TokenAnswer;
    expect(await isActive(visitor, token)).toBe(true);
    expect((await redeem(visitor, APP, authorized)).status).toBe(400);
  });

  test('refreshes, tells who somebody is and what a token is worth, and lets services have tokens', async () => {
    expect((await refresh(world.ledger, visitor, family)).status).toBe(200);
    const token = family.accessTokens.at(-1) ?? '';
    const headers = { authorization: `Bearer ${token}` };
    expect((await visitor.request('/userinfo', { headers })).status).toBe(200);
    expect(await isActive(visitor, token)).toBe(true);
    const served = await visitor.request('/token', {
      method: 'POST',
      headers: basic(SERVICE),
      form: { grant_type: 'client_credentials', resource: API },
    });
    expect(served.status, served.body).toBe(200);
  });

  test('takes back what is to be taken back', async () => {
    await revoke(world.ledger, visitor, family);
    expect(await revokedAlive(visitor, world.ledger)).toEqual([]);
  });

  test('begins no sign-in: 503 with the time to come again, and nothing worse', async () => {
    const from = world.ledger.lines.length;
    await expect(signUp(world.ledger, browser)).rejects.toThrow('503');
    const lines = world.ledger.lines.slice(from);
    expect(lines.at(-1)).toMatchObject({ status: 503, retryAfter: '2' });
    expect(broken(world.ledger.lines, [400, 503])).toEqual([]);
  });

  test('says so, and is as good as new when it has room again', async () => {
    await setMemory('0');
    const back = await signUp(world.ledger, browser);
    expect((await refresh(world.ledger, visitor, back)).status).toBe(200);
  });
});
