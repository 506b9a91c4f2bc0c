import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { clientCredentials, isActive, signUp } from './support/load.ts';
import { openWorld, type World } from './support/world.ts';

/** Longer than any answer of Redis may take. */
const STALL_MS = 1200;
/** Longer than a node may sign without a look at the keys. */
const SLEEP_MS = 6000;

let world: World;
beforeAll(async () => {
  world = await openWorld({ state: 'redis' });
});
afterAll(() => world.close());

describe('a node that is held up: a machine that sleeps, a core that others have', () => {
  test('does not take its own lateness for that of Redis', async () => {
    const visitor = world.visitor();
    const { accessTokens } = await signUp(world.ledger, visitor);
    const [token = ''] = accessTokens;
    const node = world.nodes[0]?.process;
    for (let stall = 0; stall < rounds(5, 50); stall += 1) {
      const asked = Array.from({ length: 20 }, () => isActive(world.visitor(), token));
      await delay(stall % 10);
      node?.kill('SIGSTOP');
      await delay(STALL_MS);
      node?.kill('SIGCONT');
      expect(new Set(await Promise.all(asked))).toEqual(new Set([true]));
    }
    expect(world.nodes[0]?.output()).not.toContain('redis.trouble');
  });

  test('reads the keys before it says that it cannot sign', async () => {
    const node = world.nodes[0]?.process;
    expect((await clientCredentials(world.visitor())).status).toBe(200);
    node?.kill('SIGSTOP');
    const asked = Array.from({ length: 20 }, () => clientCredentials(world.visitor()));
    await delay(SLEEP_MS);
    node?.kill('SIGCONT');
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
