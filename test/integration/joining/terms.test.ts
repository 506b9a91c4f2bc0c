import { afterEach, expect, test } from 'vitest';
import { listAudit } from '../../../src/audit/list-audit.ts';
import { openAccountNode, type AccountNode } from '../../support/account-node.ts';

const TERMS = { version: '2026-12', url: 'https://example.com/terms' };

let node: AccountNode;
afterEach(() => node.close());

const openWith = async (terms: object): Promise<AccountNode> =>
  (node = await openAccountNode({ joining: { terms: { ...TERMS, ...terms } } }));

/** What the audit has of this kind, oldest first. */
async function audited(type: string): Promise<readonly unknown[]> {
  const rooms = await node.openRooms();
  const found = await listAudit(rooms.records, { type, limit: 10 });
  await rooms.close();
  return found.map(({ event }) => event).toReversed();
}

test('whoever has not accepted the terms is asked behind everything else, once', async () => {
  await openWith({});
  const ann = node.visitor();
  await ann.get('/account');
  const asked = await ann.signIn('ann');
  expect(asked.html).toContain('href="https://example.com/terms"');
  expect(asked.html).toContain('To go on, read and accept our terms.');
  expect((await node.visitor().get('/account')).html).not.toContain('accept our terms');

  const form = { version: '2026-12', action: 'continue' };
  const done = await ann.send(asked.url.href, form);
  expect(done.url.pathname).toBe('/account');
  expect(await audited('account.terms_accepted')).toMatchObject([
    { by: 'self', version: '2026-12' },
  ]);
  const later = node.visitor();
  await later.get('/account');
  expect((await later.signIn('ann')).url.pathname).toBe('/account');
});

test('an earlier version is not enough, and what the page did not show is not accepted', async () => {
  await openWith({});
  const rooms = await node.openRooms();
  const { id = '' } = (await rooms.accounts.findByLogin('ben')) ?? {};
  await rooms.accounts.acceptTerms(id, '2026-11', { by: 'self', origin: { address: 'test' } });
  const ben = node.visitor();
  await ben.get('/account');
  const asked = await ben.signIn('ben');
  expect(asked.html).toContain('We have changed our terms.');
  for (const version of ['', '2026-11', '2027-01']) {
    const again = await ben.send(asked.url.href, { version, action: 'continue' });
    expect(again.html).toContain('We have changed our terms.');
  }
  expect((await rooms.accounts.find(id))?.terms?.version).toBe('2026-11');
  await rooms.close();
});

test('whoever refuses has no session, and is asked again the next time', async () => {
  await openWith({});
  const cat = node.visitor();
  await cat.get('/account');
  const asked = await cat.signIn('cat');
  await cat.send(asked.url.href, { action: 'cancel' });
  expect((await cat.get('/account')).html).toContain('name="password"');
  expect((await cat.signIn('cat')).html).toContain('accept our terms');
  expect(await audited('sign_in.succeeded')).toEqual([]);
  expect(await audited('account.terms_accepted')).toEqual([]);
});

test('the account page tells which version was accepted, in the download of what is kept', async () => {
  await openWith({});
  const dan = node.visitor();
  await dan.get('/account');
  const asked = await dan.signIn('dan');
  await dan.send(asked.url.href, { version: '2026-12', action: 'continue' });
  const page = await dan.get('/account/data');
  const { html } = await dan.send(`${page.url.href}/download`);
  expect(JSON.parse(html)).toMatchObject({ account: { terms: { version: '2026-12' } } });
});

test('where terms are for those who join alone, nobody else is asked', async () => {
  await openWith({ atSignIn: false });
  const eve = node.visitor();
  await eve.get('/account');
  expect((await eve.signIn('eve')).url.pathname).toBe('/account');
});
