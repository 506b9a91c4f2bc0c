import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAccountNode, type AccountNode, type Visitor } from '../../support/account-node.ts';

let node: AccountNode;
beforeAll(async () => {
  node = await openAccountNode({ accountPage: { deletion: true } });
});
afterAll(() => node.close());

const FRESH_FOR = 300;

async function signedIn(login: string): Promise<Visitor> {
  const visitor = node.visitor();
  await visitor.get('/account');
  const page = await visitor.signIn(login);
  expect([page.status, page.url.pathname]).toEqual([200, '/account']);
  return visitor;
}

/** Where the sign-in is: whoever is asked to sign in has been let in to nothing. */
const SIGN_IN = /^\/interaction\//u;

describe('somebody who is not signed in', () => {
  test('signs in, and comes to the page that they asked for', async () => {
    const visitor = node.visitor();
    const page = await visitor.get('/account/devices');
    expect(page.url.pathname).toMatch(SIGN_IN);
    const back = await visitor.signIn('ann');
    expect([back.url.pathname, back.status]).toEqual(['/account/devices', 200]);
    expect(back.html).toContain('Firefox on Linux');
    expect(back.headers.get('cache-control')).toBe('no-store');
  });

  test('who would rather not is told so, with the way to sign in', async () => {
    const visitor = node.visitor();
    const page = await visitor.get('/account');
    const refused = await visitor.send(page.url.href, { action: 'cancel' });
    expect(refused.url.pathname).toBe('/account/signed-in');
    expect(refused.html).toContain('You are not signed in');
  });

  test.each([
    '/account/signed-in',
    '/account/signed-in?state=x&code=y',
    '/account/signed-in?state=//evil.example&code=y&returnTo=https://evil.example',
  ])('an answer that nobody waits for leads to the front page: %s', async (path) => {
    const visitor = await signedIn('ann');
    expect((await visitor.get(path)).url.href).toBe(`${node.issuer}/account`);
  });

  test('the answer to one browser is of no use to another', async () => {
    const begun = await fetch(`${node.issuer}/account/devices`, { redirect: 'manual' });
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
    expect(state).toMatch(/^[\w-]{43}$/u);
    const theirs = await signedIn('ben');
    const elsewhere = await theirs.get(`/account/signed-in?state=${state}&code=x`);
    expect(elsewhere.url.href).toBe(`${node.issuer}/account`);
  });
});

const PAGES_OF_CHANGES = [
  '/account/email',
  '/account/password',
  '/account/passkeys/add',
  '/account/passkeys/x/remove',
  '/account/authenticator',
  '/account/authenticator/remove',
  '/account/delete',
];
const CHANGES = [
  '/account/email',
  '/account/password',
  '/account/password/remove',
  '/account/passkeys/add/x',
  '/account/passkeys/add/x/challenge',
  '/account/passkeys/x/remove',
  '/account/authenticator/x',
  '/account/authenticator/remove',
  '/account/recovery-codes',
  '/account/data/download',
  '/account/delete',
];

describe('a change of how one gets in', () => {
  test('asks for a proof that is not older than five minutes', async () => {
    const visitor = await signedIn('cat');
    const page = await visitor.get('/account/profile');
    node.clock.advance(FRESH_FOR + 1);
    for (const path of PAGES_OF_CHANGES) {
      const asked = await visitor.get(path);
      expect([path, asked.url.pathname]).toEqual([path, expect.stringMatching(SIGN_IN)]);
      expect(asked.html).toContain('cat@example.com');
    }
    for (const path of CHANGES) {
      const asked = await visitor.send(path, {}, page);
      expect([path, asked.url.pathname]).toEqual([path, expect.stringMatching(SIGN_IN)]);
    }
  });

  test('is not asked for within them', async () => {
    const visitor = await signedIn('cat');
    node.clock.advance(FRESH_FOR - 60);
    expect((await visitor.get('/account/password')).url.pathname).toBe('/account/password');
  });

  test('keeps what was typed, but for this person in this browser alone', async () => {
    const visitor = await signedIn('dan');
    const page = await visitor.get('/account/email');
    node.clock.advance(FRESH_FOR + 1);
    await visitor.send('/account/email', { email: 'dan@new.example', password: 'x' }, page);
    const back = await visitor.signIn('dan');
    expect(back.url.pathname).toBe('/account/email');
    expect(back.html).toContain('value="dan@new.example"');
    const other = await signedIn('ben');
    expect((await other.get(back.url.pathname + back.url.search)).html).not.toContain(
      'new.example',
    );
  });

  test('is of whoever signs in now, not of whoever was there before', async () => {
    const visitor = await signedIn('dan');
    const page = await visitor.get('/account/email');
    node.clock.advance(FRESH_FOR + 1);
    await visitor.send('/account/email', { email: 'dan@new.example' }, page);
    const leaving = await visitor.signIn('eve');
    const xsrf = /name="xsrf" value="(?<xsrf>[^"]+)"/u.exec(leaving.html)?.groups?.['xsrf'] ?? '';
    const back = await visitor.send('/logout/confirm', { xsrf, logout: 'yes' });
    expect(back.html).toContain('eve@example.com');
    expect(back.html).not.toContain('dan@new.example');
  });
});

describe('a form', () => {
  const FORMS = [
    ...CHANGES,
    '/account/profile',
    '/account/email/code/x',
    '/account/passkeys/x',
    '/account/devices/end',
    '/account/devices/end-others',
    '/account/devices/forget',
    '/account/clients/remove',
    '/account/not-me/x',
    '/account/undo-email/x',
  ];

  test('without the token of its session is refused, wherever it goes', async () => {
    const [mine, theirs] = [await signedIn('fay'), await signedIn('gus')];
    const foreign = await theirs.get('/account/profile');
    for (const path of FORMS) {
      expect([path, (await mine.send(path, { csrf: '' })).status]).toEqual([path, 400]);
      const statusWithForeign = (await mine.send(path, {}, foreign)).status;
      expect([path, statusWithForeign]).toEqual([path, 400]);
    }
  });

  test('of another site is refused, whatever it brings', async () => {
    for (const path of FORMS) {
      const answer = await fetch(node.issuer + path, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'cross-site', accept: 'text/html' },
        body: new URLSearchParams({ csrf: 'x' }),
      });
      expect([path, answer.status]).toEqual([path, 403]);
    }
  });
});
