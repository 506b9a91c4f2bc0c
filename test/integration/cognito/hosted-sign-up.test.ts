import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csrfIn } from '../../support/account-node.ts';
import { openCognitoNode, POOL, type CognitoNode } from '../../support/cognito-node.ts';
import { createHostedVisitor, type HostedVisitor } from './hosted-visitor.ts';

const PASSWORD = 'Correct horse battery 7';

let node: CognitoNode;
beforeAll(async () => {
  node = await openCognitoNode({ people: false, passwordPolicy: { minimumLength: 12 } });
});
afterAll(() => node.close());

/** What somebody sees. */
interface Page {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

async function seen(visited: ReturnType<HostedVisitor['ask']>): Promise<Page> {
  const { url, response } = await visited;
  return { url, status: response?.status ?? 0, html: (await response?.text()) ?? '' };
}

function send(
  { browser }: HostedVisitor,
  { url, html }: Page,
  fields: Readonly<Record<string, string>>,
): Promise<Page> {
  const body = new URLSearchParams({ action: 'continue', csrf: csrfIn(html), ...fields });
  return seen(browser.visit(url.href, { method: 'POST', body }));
}

async function codesFor(address: string): Promise<readonly string[]> {
  return (await node.letters(address)).flatMap(({ codes }) => codes);
}

async function codeFor(address: string): Promise<string> {
  // Nobody waits for a letter but whoever reads it.
  await expect.poll(() => codesFor(address)).not.toEqual([]);
  return (await codesFor(address))[0] ?? '';
}

/** Which page of a request it is. */
function pageAt({ url }: Page): string {
  return url.pathname.replace(/^\/interaction\/[\w-]+/u, '');
}

/** What the application gets for the code that the last step led to. */
async function claimsOf(visitor: HostedVisitor, { url }: Page): Promise<object> {
  const { body } = await visitor.redeem(url.searchParams.get('code') ?? `none: ${url.href}`);
  return decodeJwt(body['id_token'] ?? '');
}

const CODE_PAGE = '/signup/code';

/** In the pool of addresses, beside that of names. */
async function openPoolOfAddresses(): Promise<{ readonly pool: string; readonly client: string }> {
  const made = await node.call('CreateUserPool', {
    PoolName: 'addresses',
    UsernameAttributes: ['email'],
    AutoVerifiedAttributes: ['email'],
  });
  const pool = made.body.UserPool.Id;
  return { pool, client: await openClient(pool) };
}

async function openClient(UserPoolId: string): Promise<string> {
  const { body } = await node.call('CreateUserPoolClient', {
    UserPoolId,
    ClientName: 'app',
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['code'],
    AllowedOAuthScopes: ['openid'],
    CallbackURLs: ['http://localhost:3000/callback'],
  });
  return body.UserPoolClient.ClientId;
}

/** Somebody of the first pool with an address that is known to be theirs. */
async function makeUser(Username: string): Promise<void> {
  const user = { UserPoolId: POOL, Username };
  const UserAttributes = [
    { Name: 'email', Value: `${Username}@example.org` },
    { Name: 'email_verified', Value: 'true' },
  ];
  await node.call('AdminCreateUser', { ...user, UserAttributes, MessageAction: 'SUPPRESS' });
  await node.call('AdminSetUserPassword', { ...user, Password: PASSWORD, Permanent: true });
}

/** What somebody sees who types these at the sign-in page. */
async function signingIn(
  visitor: HostedVisitor,
  typed: { readonly login: string; readonly password: string },
  asked: Readonly<Record<string, string>> = {},
): Promise<Page> {
  // Letters of one second are in no order.
  node.clock.advance(1);
  const page = await seen(visitor.ask(asked));
  return await send(visitor, page, typed);
}

/** The code of the second letter, which took the place of that in the first. */
async function secondCodeFor(address: string): Promise<string> {
  await expect.poll(() => codesFor(address)).toHaveLength(2);
  return (await codesFor(address))[0] ?? '';
}

/** The address of a link that ends with `path`. */
function linkTo(path: string, { html }: Page): string {
  const [, href = ''] = new RegExp(`href="([^"]*${path})"`, 'u').exec(html) ?? [];
  return `${node.endpoint}${href.replaceAll('&amp;', '&')}`;
}

describe('whoever has no user yet', () => {
  test('makes one on the way to the application, and goes on to it with what they have just shown', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const signIn = await seen(visitor.ask());
    const start = await seen(visitor.browser.visit(linkTo('/signup', signIn)));
    expect(start.html).toContain('At least 12 characters.');
    const code = await send(visitor, start, {
      login: 'nora',
      email: 'nora@example.org',
      password: PASSWORD,
    });
    expect([pageAt(code), code.html]).toEqual([CODE_PAGE, expect.stringContaining('n***@e***')]);
    const wrong = await send(visitor, code, { code: '000000' });
    expect([wrong.status, wrong.html]).toEqual([422, expect.stringContaining('role="alert"')]);
    const to = await send(visitor, code, { code: await codeFor('nora@example.org') });
    expect(await claimsOf(visitor, to)).toMatchObject({
      'cognito:username': 'nora',
      email: 'nora@example.org',
      email_verified: true,
    });
  });

  test('is told what is wrong, with what they typed still there', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const start = await seen(visitor.ask({}, '/signup'));
    const weak = await send(visitor, start, {
      login: '"><b>',
      email: 'nina@example.org',
      password: 'short',
    });
    expect([weak.status, weak.html]).toEqual([
      422,
      expect.stringContaining('This password cannot be used.'),
    ]);
    expect(weak.html).toContain('value="nina@example.org"');
    expect(/<input[^>]*autofocus/u.exec(weak.html)?.[0]).toContain('name="password"');
    expect(weak.html).toContain('value="&#34;&gt;&lt;b&gt;"');
    await node.call('AdminCreateUser', { UserPoolId: POOL, Username: 'taken' });
    const taken = await send(visitor, start, {
      login: 'taken',
      email: 'tom@example.org',
      password: PASSWORD,
    });
    expect(taken.html).toContain('That name or address is taken.');
  });

  test('asks for another code, or gives up', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const start = await seen(visitor.ask({}, '/signup'));
    const code = await send(visitor, start, {
      login: 'otto',
      email: 'otto@example.org',
      password: PASSWORD,
    });
    await send(visitor, code, { action: 'again' });
    await expect.poll(() => codesFor('otto@example.org')).toHaveLength(2);
    const away = await send(visitor, code, { action: 'cancel' });
    expect(pageAt(away)).toBe('/sign-in');
  });

  test('is led there by the application at once, whoever is signed in', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    await makeUser('olga');
    await visitor.authorize({}, { login: 'olga', password: PASSWORD });
    const start = await seen(visitor.ask({ lang: 'de' }, '/signup'));
    expect([pageAt(start), start.html]).toEqual(['/signup', expect.stringContaining('lang="de"')]);
    const typed = { login: 'oskar', email: 'oskar@example.org', password: PASSWORD };
    const code = await send(visitor, start, typed);
    const change = await send(visitor, code, { code: await codeFor('oskar@example.org') });
    const [, action = ''] = /action="([^"]*)"/u.exec(change.html) ?? [];
    const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/u.exec(change.html) ?? [];
    const body = new URLSearchParams({ xsrf, logout: 'yes' });
    const to = await seen(visitor.browser.visit(action, { method: 'POST', body }));
    expect(await claimsOf(visitor, to)).toMatchObject({ 'cognito:username': 'oskar' });
  });
});

describe('whoever signed up', () => {
  /** Somebody at the page for the code, with the code from their letter. */
  async function signingUp(login: string): Promise<{
    readonly visitor: HostedVisitor;
    readonly page: Page;
    readonly code: string;
  }> {
    const visitor = createHostedVisitor(node.endpoint);
    const start = await seen(visitor.ask({}, '/signup'));
    const email = `${login}@example.org`;
    const page = await send(visitor, start, { login, email, password: PASSWORD });
    return { visitor, page, code: await codeFor(email) };
  }

  test('is signed in by the code in no other browser', async () => {
    const { page, code } = await signingUp('rolf');
    const thief = createHostedVisitor(node.endpoint);
    const stolen = await send(thief, page, { code });
    expect([stolen.status, stolen.html]).toEqual([
      400,
      expect.stringContaining('This page has expired'),
    ]);
  });

  test('is signed in by the code in no other request of the same browser', async () => {
    const { visitor, page, code } = await signingUp('rosa');
    const other = await seen(visitor.ask());
    const url = new URL(`${other.url.pathname}${CODE_PAGE}${page.url.search}`, node.endpoint);
    const there = await seen(visitor.browser.visit(url.href));
    const asked = await send(visitor, there, { code });
    expect([asked.status, asked.html]).toEqual([200, expect.stringContaining('name="password"')]);
  });

  test('signs in by themselves where everything of theirs was taken back meanwhile', async () => {
    const { visitor, page, code } = await signingUp('ruth');
    const user = { UserPoolId: POOL, Username: 'ruth' };
    for (const operation of ['AdminDisableUser', 'AdminEnableUser'])
      await node.call(operation, user);
    expect((await send(visitor, page, { code })).html).toContain('name="login"');
  });

  test('is signed in by the code once', async () => {
    const { visitor, page, code } = await signingUp('rita');
    const to = await send(visitor, page, { code });
    expect(await claimsOf(visitor, to)).toMatchObject({ 'cognito:username': 'rita' });
    expect((await send(visitor, page, { code })).html).toContain('This page has expired');
  });
});

describe('whoever has forgotten their password', () => {
  test('sets another by a code, and is signed in by that', async () => {
    await makeUser('pia');
    const visitor = createHostedVisitor(node.endpoint);
    const signIn = await seen(visitor.ask());
    const ask = await seen(visitor.browser.visit(linkTo('/forgotPassword', signIn)));
    const page = await send(visitor, ask, { login: 'pia' });
    expect(pageAt(page)).toBe('/forgotPassword/code');
    await codeFor('pia@example.org');
    // Letters of one second are in no order.
    node.clock.advance(1);
    const again = await send(visitor, page, { action: 'again' });
    expect([again.status, pageAt(again)]).toEqual([200, '/forgotPassword/code']);
    const code = await secondCodeFor('pia@example.org');
    const weak = await send(visitor, page, { code, password: 'short' });
    expect(weak.html).toContain('This password cannot be used.');
    const wrong = await send(visitor, page, { code: '000000', password: `${PASSWORD}!` });
    expect(wrong.html).toContain('That code is not right');
    const to = await send(visitor, page, { code, password: `${PASSWORD}!` });
    expect(await claimsOf(visitor, to)).toMatchObject({ 'cognito:username': 'pia' });
  });

  test('goes on to the application, too, where they were signed in, and the new password ended that', async () => {
    await makeUser('paul');
    const visitor = createHostedVisitor(node.endpoint);
    await visitor.authorize({}, { login: 'paul', password: PASSWORD });
    const signIn = await seen(visitor.ask({ prompt: 'login' }));
    const ask = await seen(visitor.browser.visit(linkTo('/forgotPassword', signIn)));
    const page = await send(visitor, ask, { login: 'paul' });
    const code = await codeFor('paul@example.org');
    const to = await send(visitor, page, { code, password: `${PASSWORD}!` });
    expect(await claimsOf(visitor, to)).toMatchObject({ 'cognito:username': 'paul' });
  });

  test('sees the same page for a name of nobody', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const ask = await seen(visitor.ask({ client_id: 'confidential1' }, '/forgotPassword'));
    const page = await send(visitor, ask, { login: 'nobody-at-all' });
    expect([page.status, pageAt(page)]).toEqual([200, '/forgotPassword/code']);
  });
});

describe('whoever is not confirmed yet', () => {
  const attributes = { UserAttributes: [{ Name: 'email', Value: 'quin@example.org' }] };

  test('is led to the page for the code by the right password, and no wrong one', async () => {
    const signedUp = { Username: 'quin', Password: PASSWORD, ClientId: 'public1' };
    await node.call('SignUp', { ...signedUp, ...attributes });
    const visitor = createHostedVisitor(node.endpoint);
    const wrong = await signingIn(visitor, { login: 'quin', password: 'wrong' });
    const stranger = await signingIn(visitor, { login: 'quim', password: 'wrong' });
    const words = (page: Page): unknown => [
      page.status,
      /role="alert"[^]*?<\/p>/u.exec(page.html)?.[0],
    ];
    expect(words(wrong)).toEqual(words(stranger));
    const page = await signingIn(visitor, { login: 'quin', password: PASSWORD }, { lang: 'de' });
    expect([pageAt(page), page.html]).toEqual([
      CODE_PAGE,
      expect.stringMatching(/lang="de"[^]*q\*\*\*@e\*\*\*/u),
    ]);
    const to = await send(visitor, page, { code: await secondCodeFor('quin@example.org') });
    expect(await claimsOf(visitor, to)).toMatchObject({ 'cognito:username': 'quin' });
  });

  test('is known by the address that they signed up with, where that is the name', async () => {
    const { client } = await openPoolOfAddresses();
    const signedUp = { Username: 'Tess@example.org', Password: PASSWORD, ClientId: client };
    expect((await node.call('SignUp', signedUp)).status).toBe(200);
    const visitor = createHostedVisitor(node.endpoint);
    const typed = { login: 'tess@example.org', password: PASSWORD };
    const asked = { client_id: client, scope: 'openid' };
    const page = await signingIn(visitor, typed, asked);
    expect(pageAt(page)).toBe(CODE_PAGE);
    const to = await send(visitor, page, { code: await secondCodeFor('Tess@example.org') });
    expect(to.url.searchParams.get('code')).toEqual(expect.any(String));
  });
});

describe('whoever has to set a password', () => {
  test('is led to do so by the right password, and no wrong one', async () => {
    await makeUser('sara');
    await node.call('AdminResetUserPassword', { UserPoolId: POOL, Username: 'sara' });
    const visitor = createHostedVisitor(node.endpoint);
    expect((await signingIn(visitor, { login: 'sara', password: 'wrong' })).status).toBe(401);
    const page = await signingIn(visitor, { login: 'sara', password: PASSWORD });
    expect([pageAt(page), page.html]).toEqual([
      '/forgotPassword',
      expect.stringMatching(/You need a new password before you go on[^]*value="sara"/u),
    ]);
    const next = await send(visitor, page, { login: 'sara' });
    const code = await secondCodeFor('sara@example.org');
    const to = await send(visitor, next, { code, password: `${PASSWORD}!` });
    expect(await claimsOf(visitor, to)).toMatchObject({ 'cognito:username': 'sara' });
  });
});

test('forms of other sites, or without the token of their page, are turned away', async () => {
  const visitor = createHostedVisitor(node.endpoint);
  const page = await seen(visitor.ask({}, '/signup'));
  const forged = await visitor.browser.visit(page.url.href, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ csrf: csrfIn(page.html), login: 'x' }),
  });
  expect(forged.response?.status).toBe(403);
  expect((await send(visitor, page, { csrf: 'x' })).status).toBe(400);
});

test('clients that are none have no pages', async () => {
  const unknown = await fetch(`${node.endpoint}/signup?client_id=nobody`);
  expect([unknown.status, await unknown.text()]).toEqual([
    400,
    expect.stringContaining('This request cannot be completed'),
  ]);
});

test('a pool without sign-up has its sign-in in the place of that page, and no link to one', async () => {
  const made = await node.call('CreateUserPool', {
    PoolName: 'closed',
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
  });
  const asked = { client_id: await openClient(made.body.UserPool.Id), scope: 'openid' };
  const visitor = createHostedVisitor(node.endpoint);
  const signIn = await seen(visitor.ask(asked, '/signup'));
  expect([pageAt(signIn), signIn.html]).toEqual(['', expect.not.stringContaining('/signup')]);
  const page = await seen(visitor.browser.visit(`${signIn.url.pathname}/signup`));
  expect(pageAt(page)).toBe('/sign-in');
});
