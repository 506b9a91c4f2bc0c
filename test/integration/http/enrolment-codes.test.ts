import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  openAccountNode,
  PASSWORD,
  type AccountNode,
  type Seen,
  type Visitor,
} from '../../support/account-node.ts';
import { codeOf } from '../../support/app-codes.ts';

let node: AccountNode;
beforeEach(async () => {
  node = await openAccountNode({ authentication: { secondFactor: 'required' } });
});
afterEach(() => node.close());

/** From the sign-in to the page behind the app that was set up. */
async function enrol(visitor: Visitor, login: string): Promise<Seen> {
  await visitor.get('/account');
  const page = await visitor.signIn(login);
  const key = /class="key"><code>(?<key>[^<]*)/u.exec(page.html)?.groups?.['key'] ?? '';
  return await visitor.send(page.url.href, { code: codeOf(key), action: 'continue' });
}

const codesIn = ({ html }: Seen): readonly string[] =>
  [...html.matchAll(/<li><code>(?<code>[^<]*)/gu)].map(({ groups }) => groups?.['code'] ?? '');

test('whoever sets up their second factor is offered recovery codes, shown once, that stand in for it', async () => {
  const ann = node.visitor();
  const offered = await enrol(ann, 'ann');
  expect(offered.html).toContain('Make recovery codes');
  expect(codesIn(offered)).toEqual([]);
  const made = await ann.send(offered.url.href, { action: 'continue' });
  const codes = codesIn(made);
  expect(codes).toHaveLength(10);
  expect(made.html).toContain('download="recovery-codes.txt"');
  expect(codesIn(await ann.get(offered.url.href))).toEqual([]);
  const done = await ann.send(offered.url.href, { kept: 'yes', action: 'continue' });
  expect(done.url.pathname).toBe('/account');
  const told = await node.letters('ann@example.com');
  expect(told.filter(({ name }) => name === 'notice')).toHaveLength(2);

  const later = node.visitor();
  await later.get('/account');
  const asked = await later.signIn('ann');
  const code = codes[0] ?? '';
  const form = { code, method: 'recovery-code', action: 'continue' };
  expect((await later.send(asked.url.href, form)).url.pathname).toBe('/account');
});

test('whoever wants none goes on without, and nobody has them who has not asked', async () => {
  const ben = node.visitor();
  const offered = await enrol(ben, 'ben');
  expect((await ben.get('/account')).url.pathname).toMatch(/^\/interaction/u);
  const done = await ben.send(offered.url.href, { action: 'skip' }, offered);
  expect(done.url.pathname).toBe('/account');
  const rooms = await node.openRooms();
  const { id = '' } = (await rooms.accounts.findByLogin('ben')) ?? {};
  expect(await rooms.factors.recoveryCodes.left(id)).toBe(0);
  await rooms.close();
});

test('a page that asks what a passkey is to sign takes nothing from the password that is on its way', async () => {
  for (const name of ['cat', 'dan', 'eve']) {
    const visitor = node.visitor();
    const page = await visitor.get('/account');
    const { pathname } = page.url;
    const form = { login: name, password: PASSWORD, action: 'continue' };
    const [signedIn, challenge] = await Promise.all([
      visitor.send(pathname, form, page),
      visitor.send(`${pathname}/passkey`, {}, page),
    ]);
    expect(JSON.parse(challenge.html)).toMatchObject({ challenge: expect.any(String) });
    expect(signedIn.html).toContain('class="key"');
  }
});
