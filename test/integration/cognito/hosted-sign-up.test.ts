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
  { url }: Page,
  fields: Readonly<Record<string, string>>,
): Promise<Page> {
  const body = new URLSearchParams({ action: 'continue', ...fields });
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
  return await send(visitor, page, { csrf: csrfIn(page.html), ...typed });
}

/** The code of the second letter, which took the place of that in the first. */
async function secondCodeFor(address: string): Promise<string> {
  await expect.poll(() => codesFor(address)).toHaveLength(2);
  return (await codesFor(address))[0] ?? '';
}

/** The address of a link that begins with `path`. */
function linkTo(path: string, { html }: Page): string {
  const [, href = ''] = new RegExp(`href="(${path}[^"]*)"`, 'u').exec(html) ?? [];
  return `${node.endpoint}${href.replaceAll('&amp;', '&')}`;
}

describe('whoever has no user yet', () => {
  test('makes one on the way to the application, and goes on to it', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const signIn = await seen(visitor.ask());
    const start = await seen(visitor.browser.visit(linkTo('/signup', signIn)));
    expect(start.html).toContain('At least 12 characters.');
    const code = await send(visitor, start, {
      login: 'nora',
      email: 'nora@example.org',
      password: PASSWORD,
    });
    expect([code.url.pathname, code.html]).toEqual([
      '/signup/code',
      expect.stringContaining('n***@e***'),
    ]);
    const wrong = await send(visitor, code, { code: '000000' });
    expect([wrong.status, wrong.html]).toEqual([422, expect.stringContaining('role="alert"')]);
    const back = await send(visitor, code, { code: await codeFor('nora@example.org') });
    expect(back.url.href).toBe(signIn.url.href);
    const to = await visitor.authorize({}, { login: 'nora', password: PASSWORD });
    const { body } = await visitor.redeem(to.searchParams.get('code') ?? '');
    expect(decodeJwt(body['id_token'] ?? '')).toMatchObject({
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
    expect(away.url.pathname).toMatch(/^\/interaction\//);
  });
});

describe('whoever has forgotten their password', () => {
  test('sets another by a code, and signs in by it', async () => {
    await makeUser('pia');
    const visitor = createHostedVisitor(node.endpoint);
    const signIn = await seen(visitor.ask());
    const ask = await seen(visitor.browser.visit(linkTo('/forgotPassword', signIn)));
    const page = await send(visitor, ask, { login: 'pia' });
    expect(page.url.pathname).toBe('/forgotPassword/code');
    await codeFor('pia@example.org');
    // Letters of one second are in no order.
    node.clock.advance(1);
    const again = await send(visitor, page, { action: 'again' });
    expect([again.status, again.url.pathname]).toEqual([200, '/forgotPassword/code']);
    const code = await secondCodeFor('pia@example.org');
    const weak = await send(visitor, page, { code, password: 'short' });
    expect(weak.html).toContain('This password cannot be used.');
    const wrong = await send(visitor, page, { code: '000000', password: `${PASSWORD}!` });
    expect(wrong.html).toContain('That code is not right');
    const back = await send(visitor, page, { code, password: `${PASSWORD}!` });
    expect(back.url.href).toBe(signIn.url.href);
    const to = await visitor.authorize({}, { login: 'pia', password: `${PASSWORD}!` });
    expect(to.searchParams.get('code')).toEqual(expect.any(String));
  });

  test('sees the same page for a name of nobody', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const ask = await seen(visitor.ask({ client_id: 'confidential1' }, '/forgotPassword'));
    const page = await send(visitor, ask, { login: 'nobody-at-all' });
    expect([page.status, page.url.pathname]).toEqual([200, '/forgotPassword/code']);
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
    expect([page.url.pathname, page.html]).toEqual([
      CODE_PAGE,
      expect.stringMatching(/lang="de"[^]*q\*\*\*@e\*\*\*/u),
    ]);
    const back = await send(visitor, page, { code: await secondCodeFor('quin@example.org') });
    expect(back.url.pathname).toMatch(/^\/interaction\//u);
    const to = await visitor.authorize({}, { login: 'quin', password: PASSWORD });
    expect(to.searchParams.get('code')).toEqual(expect.any(String));
  });

  test('is known by the address that they signed up with, where that is the name', async () => {
    const { client } = await openPoolOfAddresses();
    const signedUp = { Username: 'Rita@example.org', Password: PASSWORD, ClientId: client };
    expect((await node.call('SignUp', signedUp)).status).toBe(200);
    const visitor = createHostedVisitor(node.endpoint);
    const typed = { login: 'rita@example.org', password: PASSWORD };
    const asked = { client_id: client, scope: 'openid' };
    const page = await signingIn(visitor, typed, asked);
    expect(page.url.pathname).toBe(CODE_PAGE);
    await send(visitor, page, { code: await secondCodeFor('Rita@example.org') });
    const to = await visitor.authorize(asked, typed);
    expect(to.searchParams.get('code')).toEqual(expect.any(String));
  });
});

describe('whoever has to set a password', () => {
  test('is led to do so by the right password, and no wrong one', async () => {
    await makeUser('sara');
    await node.call('AdminResetUserPassword', { UserPoolId: POOL, Username: 'sara' });
    const visitor = createHostedVisitor(node.endpoint);
    expect((await signingIn(visitor, { login: 'sara', password: 'wrong' })).status).toBe(401);
    const page = await signingIn(visitor, { login: 'sara', password: PASSWORD });
    expect([page.url.pathname, page.html]).toEqual([
      '/forgotPassword',
      expect.stringMatching(/You need a new password before you go on[^]*value="sara"/u),
    ]);
    const next = await send(visitor, page, { login: 'sara' });
    const code = await secondCodeFor('sara@example.org');
    const back = await send(visitor, next, { code, password: `${PASSWORD}!` });
    expect(back.url.pathname).toMatch(/^\/interaction\//u);
    const to = await visitor.authorize({}, { login: 'sara', password: `${PASSWORD}!` });
    expect(to.searchParams.get('code')).toEqual(expect.any(String));
  });
});

test('forms of other sites, and clients that are none, are turned away', async () => {
  const forged = await fetch(`${node.endpoint}/signup?client_id=public1`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ login: 'x' }),
  });
  expect(forged.status).toBe(403);
  const unknown = await fetch(`${node.endpoint}/signup?client_id=nobody`);
  expect([unknown.status, await unknown.text()]).toEqual([
    400,
    expect.stringContaining('This request cannot be completed'),
  ]);
});

test('a pool without sign-up has no such page, and no link to one', async () => {
  const made = await node.call('CreateUserPool', {
    PoolName: 'closed',
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
  });
  const asked = { client_id: await openClient(made.body.UserPool.Id), scope: 'openid' };
  const visitor = createHostedVisitor(node.endpoint);
  expect((await seen(visitor.ask(asked))).html).not.toContain('/signup');
  expect((await seen(visitor.ask(asked, '/signup'))).status).toBe(400);
});
