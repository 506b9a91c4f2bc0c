import { expect, test } from 'vitest';
import { rounds } from '../../support/counts.ts';
import type { House } from './house.ts';

const PARALLEL = 64;
const ROUNDS = rounds(2, 50);

/** Sends one request 64 times at once, by turns to both nodes; gives what succeeded and how the others failed. */
async function crowd<T>(
  send: (node: number) => Promise<T>,
): Promise<{ readonly won: readonly T[]; readonly refusals: ReadonlySet<string> }> {
  const results = await Promise.allSettled(
    Array.from({ length: PARALLEL }, (_, index) => send(index)),
  );
  const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  return {
    won: results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    refusals: new Set(reasons.map(({ error, message }) => String(error ?? message))),
  };
}

/** What both are asked at once happens once. */
export function testRacing(house: () => House): void {
  test('pay once for a code that both are given 64 times at once, and what was paid stays alive', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const answer = await house().at(0).authorize(house().agent());
      const { won, refusals } = await crowd((node) => house().at(node).redeem(answer));
      expect(refusals).toEqual(new Set(['invalid_grant']));
      expect(won).toHaveLength(1);
      for (const node of [0, 1]) {
        expect(await house().isActiveAt(node, won[0]?.access_token ?? '')).toBe(true);
      }
      await expect(house().refreshAt(1, won[0]?.refresh_token ?? '')).resolves.toHaveProperty(
        'access_token',
      );
    }
  });

  test('leave one live successor of a refresh token that both are given 64 times at once', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { refresh_token: used = '' } = await house().at(0).signIn(house().agent());
      const { won, refusals } = await crowd((node) => house().refreshAt(node, used));
      expect(won.length).toBeGreaterThan(0);
      for (const refusal of refusals) expect(refusal).toBe('invalid_grant');
      const successors = [...new Set(won.map((tokens) => tokens.refresh_token ?? ''))];
      const alive = await Promise.all(
        successors.map((token, node) => house().isActiveAt(node, token)),
      );
      const living = successors.filter((_, index) => alive[index]);
      expect(living).toHaveLength(1);
      await expect(house().refreshAt(round, living[0] ?? '')).resolves.toHaveProperty(
        'refresh_token',
      );
    }
  });
}

/** The same of nodes that forgive no retry. */
export function testRacingWithoutRetries(house: () => House): void {
  test('pay once for a refresh token that both are given 64 times at once', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { refresh_token: used = '' } = await house().at(0).signIn(house().agent());
      const { won, refusals } = await crowd((node) => house().refreshAt(node, used));
      expect(refusals).toEqual(new Set(['invalid_grant']));
      expect(won).toHaveLength(1);
      await expect(house().refreshAt(1, won[0]?.refresh_token ?? '')).resolves.toHaveProperty(
        'access_token',
      );
    }
  });
}
