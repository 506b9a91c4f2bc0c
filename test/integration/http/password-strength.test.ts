import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccountNode, type AccountNode } from '../../support/account-node.ts';

const TYPED = 'a secret of the strength test 1234';

let node: AccountNode;
beforeAll(async () => {
  node = await openAccountNode();
});
afterAll(() => node.close());

function ask(password: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const body = new URLSearchParams({ password });
  return fetch(`${node.issuer}/password-strength`, { method: 'POST', headers, body });
}

test('a page is told how hard to guess it is what somebody types', async () => {
  // A meter whose thread takes too long to start calls everything middling.
  const told = async (password: string): Promise<unknown> => await (await ask(password)).json();
  const slow = { timeout: 20_000, interval: 1000 };
  await expect
    .poll(() => told('qwertyuiop'), slow)
    .toEqual({ score: 0, hint: 'password.hint.common' });
  await expect.poll(() => told('a horse on a battery staple'), slow).toEqual({ score: 4 });
});

test('nothing, or more than a page takes, is not measured', async () => {
  for (const password of ['', 'x'.repeat(1025)]) expect((await ask(password)).status).toBe(204);
});

test('a page of another site learns nothing, and nothing that was typed is in the log', async () => {
  expect((await ask('whatever', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await ask(TYPED)).status).toBe(200);
  expect(JSON.stringify(node.log)).not.toContain('secret of the strength');
});
