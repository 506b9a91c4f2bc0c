import { expect, test } from 'vitest';
import { postAtOnce } from '../../support/at-once.ts';
import { rounds } from '../../support/counts.ts';
import { CALLBACK, SECRET, type House } from './house.ts';

const PARALLEL = 64;
const ROUNDS = rounds(2, 50);

type Paid = Partial<Record<'access_token' | 'refresh_token', string>>;

/** Asks both nodes by turns for tokens, 64 times at once; gives what succeeded and how the others failed. */
async function crowd(
  { issuer, nodes }: House,
  form: Readonly<Record<string, string>>,
): Promise<{ readonly won: readonly Paid[]; readonly refusals: ReadonlySet<string> }> {
  const ports = Array.from({ length: PARALLEL }, (_, index) => nodes[index % 2]?.port ?? 0);
  const authorization = `Basic ${btoa(`app:${SECRET}`)}`;
  const answers = await postAtOnce(new URL('/token', issuer), { ports, form, authorization });
  const [paid, refused] = [true, false].map((isPaid) =>
    answers.filter(({ status }) => (status === 200) === isPaid).map(({ body }) => Object(body)),
  );
  return { won: paid ?? [], refusals: new Set(refused?.map(({ error }) => String(error))) };
}

const refreshing = (token: string): Readonly<Record<string, string>> => ({
  grant_type: 'refresh_token',
  refresh_token: token,
});

/** What both are asked at once happens once. */
export function testRacing(house: () => House): void {
  test('pay once for a code that both are given 64 times at once, and what was paid stays alive', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const answer = await house().at(0).authorize(house().agent());
      const { won, refusals } = await crowd(house(), {
        grant_type: 'authorization_code',
        code: answer.url.searchParams.get('code') ?? '',
        redirect_uri: CALLBACK,
        code_verifier: answer.checks.pkceCodeVerifier ?? '',
      });
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
      const { won, refusals } = await crowd(house(), refreshing(used));
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
      const { won, refusals } = await crowd(house(), refreshing(used));
      expect(refusals).toEqual(new Set(['invalid_grant']));
      expect(won).toHaveLength(1);
      await expect(house().refreshAt(1, won[0]?.refresh_token ?? '')).resolves.toHaveProperty(
        'access_token',
      );
    }
  });
}
