import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConsentRequest } from '../../../src/provider/contract.ts';
import {
  ALICE,
  createPagesWorld,
  openPagesHost,
  PLAIN_INTERACTION,
  type PagesHost,
  type PagesWorld,
} from '../../support/pages-host.ts';

const PATH = '/interaction/uid-1';
const ASKED: ConsentRequest = {
  scopes: ['openid', 'email'],
  claims: [],
  resources: [],
  details: [],
};
const RIGHT = { login: 'alice', password: 'right', remember: 'yes' };

let world: PagesWorld;
let host: PagesHost;
beforeEach(async () => {
  world = { ...createPagesWorld(), coming: ASKED };
  host = await openPagesHost(world);
});
afterEach(() => host.close());

interface Page {
  readonly status: number;
  readonly html: string;
  readonly hidden: Record<string, string>;
}

async function read(response: Response): Promise<Page> {
  const html = await response.text();
  const inputs = html.matchAll(/type="hidden" name="(?<name>[^"]+)" value="(?<value>[^"]*)"/g);
  const hidden = [...inputs].map(({ groups }) => [groups?.['name'] ?? '', groups?.['value'] ?? '']);
  return { status: response.status, html, hidden: Object.fromEntries(hidden) };
}

const show = async (): Promise<Page> =>
  read(await fetch(host.issuer + PATH, { headers: { accept: 'text/html' }, redirect: 'manual' }));

async function send(fields: Record<string, string>): Promise<Page> {
  const body = new URLSearchParams({ action: 'continue', ...fields });
  return read(await fetch(host.issuer + PATH, { method: 'POST', body, redirect: 'manual' }));
}

async function signIn(): Promise<{ readonly form: Record<string, string>; readonly page: Page }> {
  const form = { ...(await show()).hidden, ...RIGHT };
  return { form, page: await send(form) };
}

const isConsent = ({ status, html }: Page): boolean =>
  status === 200 && html.includes('See your e-mail address') && html.includes('Alice Liddell');

test('what the client asks for is the answer to the password, and nobody is signed in yet', async () => {
  const { page } = await signIn();
  expect(page.html).toContain('alice@example.com');
  expect(isConsent(page)).toBe(true);
  expect(world.outcomes).toEqual([]);
  expect(world.counted).toEqual([]);
});

test('allowing it ends the sign-in with both, as of when the password was proven', async () => {
  const { page } = await signIn();
  const { status } = await send(page.hidden);
  expect(status).toBe(303);
  expect(world.outcomes).toMatchObject([
    { kind: 'signed-in', accountId: ALICE.id, amr: ['pwd'], remember: true, consented: true },
  ]);
  expect(world.counted).toEqual(['verified']);
});

test('the page is there again when it is loaded anew, or the browser goes back', async () => {
  await signIn();
  expect(isConsent(await show())).toBe(true);
});

test('the form of the password sent twice allows nothing', async () => {
  const { form } = await signIn();
  expect(isConsent(await send(form))).toBe(true);
  expect(isConsent(await send({ ...form, shown: '' }))).toBe(true);
  expect(world.outcomes).toEqual([]);
});

test('both of two forms of the password at once end at the same page', async () => {
  const form = { ...(await show()).hidden, ...RIGHT };
  const pages = await Promise.all([send(form), send(form)]);
  expect(pages.some(isConsent)).toBe(true);
  expect(pages.every((page) => isConsent(page) || page.status === 303)).toBe(true);
  expect(isConsent(await show())).toBe(true);
});

test('what was not shown is not allowed: the page shows what is asked now', async () => {
  const { page } = await signIn();
  world.coming = { ...ASKED, scopes: ['openid', 'email', 'phone'] };
  const again = await send(page.hidden);
  expect(again.status).toBe(200);
  expect(again.html).toContain('phone number');
  expect(world.outcomes).toEqual([]);
  expect((await send(again.hidden)).status).toBe(303);
});

test('what was allowed meanwhile is not asked for any more', async () => {
  await signIn();
  world.coming = undefined;
  expect((await show()).status).toBe(303);
  expect(world.outcomes).toMatchObject([{ kind: 'signed-in', consented: false }]);
});

test('refusing it refuses the client, and signs nobody in', async () => {
  const { page } = await signIn();
  await send({ ...page.hidden, action: 'cancel' });
  expect(world.outcomes).toEqual([{ kind: 'refused', accountId: ALICE.id }]);
});

test('whoever is somebody else begins anew', async () => {
  const { page } = await signIn();
  expect((await send({ ...page.hidden, action: 'restart' })).status).toBe(303);
  expect((await show()).html).toContain('name="password"');
  expect((await send(page.hidden)).status).toBe(422);
  expect(world.outcomes).toEqual([]);
});

test('there is no page and no way to allow anything before the password', async () => {
  const { hidden } = await show();
  const { page } = await signIn();
  await send({ ...page.hidden, action: 'restart' });
  expect((await send({ ...hidden, shown: page.hidden['shown'] ?? '' })).status).toBe(422);
  expect(world.outcomes).toEqual([]);
});

test('an account that was disabled meanwhile has proven nothing', async () => {
  const { page } = await signIn();
  world.accounts.set(ALICE.id, { ...ALICE, state: 'disabled' });
  expect((await send(page.hidden)).status).toBe(422);
  expect(world.outcomes).toEqual([]);
});

test('a new password meanwhile ends what the old one has proven, and the new one goes on', async () => {
  const { page } = await signIn();
  world.revocations += 1;
  expect((await send(page.hidden)).status).toBe(422);
  expect((await show()).html).toContain('name="password"');
  expect(world.outcomes).toEqual([]);
  const { page: second } = await signIn();
  expect((await send(second.hidden)).status).toBe(303);
});

test('it is allowed once', async () => {
  const { page } = await signIn();
  const answers = await Promise.all([send(page.hidden), send(page.hidden), send(page.hidden)]);
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  expect(world.outcomes).toHaveLength(1);
});

test('a form without the token of its page is not taken', async () => {
  const { page } = await signIn();
  expect((await send({ ...page.hidden, csrf: 'wrong' })).status).toBe(400);
  expect(world.outcomes).toEqual([]);
});

test('another account beside that of the session is asked, too', async () => {
  world.interaction = { ...PLAIN_INTERACTION, prompt: 'select_account', accountId: 'acc-other' };
  const path = `${PATH}/sign-in`;
  const page = await read(await fetch(host.issuer + path));
  const body = new URLSearchParams({ ...page.hidden, ...RIGHT, action: 'continue' });
  const asked = await read(await fetch(host.issuer + path, { method: 'POST', body }));
  expect(isConsent(asked)).toBe(true);
});
