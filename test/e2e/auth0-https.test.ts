import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { compatFolder, installCompat, installNextApp } from '../support/compat.ts';
import { IS_LONG } from '../support/counts.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { startReactApp } from '../support/relying-parties/auth0-apps.ts';
import { joinOn } from '../support/relying-parties/join-on.ts';
import type { Listener } from '../support/relying-parties/listener.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';

const API = 'https://api.example.com';
const SECRET = 'a-secret-of-the-tests-and-of-nothing-else-0001';
const WITHOUT_PAGES = [
  'password',
  ...['password-realm', 'passwordless/otp', 'mfa-otp'].map(
    (name) => `http://auth0.com/oauth/grant-type/${name}`,
  ),
];
const ACTION = `exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://app.example.com/roles', event.authorization.roles);
};`;

let browser: Browser;
let latchkey: Latchkey;
let domain: string;
let folder: string;
let nextUrl: string;
let react: Listener;
let node: { readonly url: string; readonly process: ChildProcess };

beforeAll(async () => {
  await installCompat();
  browser = await launchBrowser();
  folder = await mkdtemp(join(tmpdir(), 'latchkey-https-'));
  await writeFile(join(folder, 'roles.js'), ACTION);
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const [port, reactPort, nodePort] = ports;
  nextUrl = `http://localhost:${ports[3]}`;
  domain = `localhost:${port}`;
  latchkey = await startLatchkey({
    command: 'dev',
    words: ['--auth0', domain, '--https'],
    settings: settingsFor(reactPort, nodePort),
  });
  react = await startReactApp(reactPort, {
    domain,
    clientId: 'react',
    useRefreshTokens: true,
    authorizationParams: {
      redirect_uri: `http://localhost:${reactPort}`,
      audience: API,
      scope: 'openid profile email offline_access read:messages',
    },
  });
  node = await startNodeApps(nodePort);
});

afterAll(async () => {
  await browser?.close();
  await react?.close();
  node?.process.kill('SIGKILL');
  await latchkey?.stop();
  await latchkey?.clean();
  await rm(folder, { recursive: true });
});

/** What it takes to make an application with an API of its own. */
const MAKING = ['clients', 'client_grants', 'resource_servers'].flatMap((things) =>
  ['read', 'create', 'update', 'delete'].map((verb) => `${verb}:${things}`),
);

function settingsFor(reactPort: number, nodePort: number): Readonly<Record<string, unknown>> {
  const [spa, web] = [`http://localhost:${reactPort}`, `http://localhost:${nodePort}`];
  const common = { allowedLogoutUrls: [spa, web, nextUrl], webOrigins: [spa] };
  const confidential = { ...common, clientSecretInClear: SECRET };
  return {
    authentication: { emailCode: true, smsCode: true, secondFactorForGroups: ['staff'] },
    groups: [{ name: 'staff', people: ['bob'] }],
    joining: { mode: 'open' },
    apis: [{ identifier: API, name: 'Messages', scopes: { 'read:messages': 'Read' } }],
    roles: [{ name: 'reader', api: API, permissions: ['read:messages'], people: ['alice'] }],
    auth0: {
      tenants: [
        {
          name: 'test',
          // Where it is, the command line says.
          issuer: 'http://localhost:1/',
          listen: { port: 1 },
          apis: [{ identifier: API }],
          actions: { folder },
          organizations: [{ id: 'org_acme', name: 'acme' }],
          clients: [
            { ...common, clientId: 'react', appType: 'spa', callbacks: [spa] },
            {
              ...confidential,
              clientId: 'next',
              initiateLoginUrl: 'https://app.example.com/login',
              callbacks: [web, nextUrl].map((url) => `${url}/auth/callback`),
            },
            {
              ...confidential,
              clientId: 'machine',
              appType: 'non_interactive',
              managementScopes: [
                'read:users',
                'update:users',
                'create:organization_invitations',
                'create:roles',
                'read:connections',
                'update:connections',
                ...['read', 'create', 'delete'].map((verb) => `${verb}:organization_member_roles`),
                ...['read', 'create'].map((verb) => `${verb}:organization_members`),
                ...MAKING,
              ],
              grantTypes: ['client_credentials', 'refresh_token', ...WITHOUT_PAGES],
            },
          ],
        },
      ],
    },
  };
}

/** What applications of nextjs-auth0 find in their environment. */
function nextEnvironment(url: string): NodeJS.ProcessEnv {
  return {
    NODE_EXTRA_CA_CERTS: join(latchkey.folder, 'keys/dev-authority.crt'),
    AUTH0_DOMAIN: domain,
    AUTH0_AUDIENCE: API,
    AUTH0_CLIENT_ID: 'next',
    AUTH0_CLIENT_SECRET: SECRET,
    AUTH0_SECRET: 'of-the-cookies-of-a-test-and-of-nothing-else-0',
    APP_BASE_URL: url,
  };
}

/** In a process of their own: Node reads whom it trusts at its start. */
async function startNodeApps(port: number): Promise<typeof node> {
  const url = `http://localhost:${port}`;
  const child = spawn(process.execPath, [join(compatFolder, 'node-apps.mjs')], {
    env: {
      ...nextEnvironment(url),
      INBOX: `${latchkey.issuer}/dev/inbox.json`,
      MACHINE_ID: 'machine',
      MACHINE_SECRET: SECRET,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { url, process: child };
}

async function inBrowser(act: (page: Page) => Promise<void>): Promise<void> {
  // Whether a browser trusts the authority is its owner's affair.
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    await act(await context.newPage());
  } finally {
    await context.close();
  }
}

/** On the page where an account is made. */
async function refuseToJoin(page: Page): Promise<void> {
  await page.waitForSelector('[name=email]');
  await page.click('button[name=action][value=cancel]');
}

test('the banner has what applications are told', () => {
  expect(latchkey.output()).toContain(`AUTH0_DOMAIN=${domain}`);
  expect(latchkey.output()).toContain(
    `NODE_EXTRA_CA_CERTS=${join(latchkey.folder, 'keys/dev-authority.crt')}`,
  );
});

async function joinAs(email: string, page: Page): Promise<void> {
  await joinOn(page, { issuer: latchkey.issuer, email, password: 'correct-horse-battery-47' });
}

describe('auth0-react', () => {
  test('is told when somebody would not join, and has somebody join, who is signed in by that', () =>
    inBrowser(async (page) => {
      await page.goto(react.url);
      await page.click('#sign-up');
      await refuseToJoin(page);
      await page.waitForSelector('#state:has-text("refused the request")');
      await page.click('#sign-up');
      await joinAs('rhea@example.com', page);
      await page.waitForSelector('#state:has-text("rhea@example.com")');
    }));

  test('signs in, renews its token by refresh tokens that rotate, and signs out', () =>
    inBrowser(async (page) => {
      await page.goto(react.url);
      await page.click('#sign-in');
      await signInOn(page, { consent: false });
      await page.waitForSelector('#state:has-text("alice@example.com")');
      const tokens: string[] = [];
      // The second one is renewed by what the first renewal left.
      for (const round of [1, 2]) {
        await page.click('#renew');
        await page.waitForSelector(`#renewals:has-text("${round}")`);
        tokens.push((await page.textContent('#token')) ?? '');
      }
      expect(new Set(tokens).size).toBe(2);
      for (const token of tokens)
        expect(decodeJwt(token)).toMatchObject({ iss: `https://${domain}/`, azp: 'react' });
      await page.click('#sign-out');
      await page.waitForSelector('#state:has-text("nobody")');
      await page.click('#sign-in');
      await page.waitForSelector('[name=password]');
    }));
});

describe('nextjs-auth0', () => {
  interface Session {
    readonly user: { readonly email: string };
    readonly tokenSet: Readonly<Record<'accessToken' | 'idToken' | 'refreshToken', string>>;
  }

  async function sessionOn(page: Page): Promise<Session> {
    await page.waitForURL(`${node.url}/session`);
    return JSON.parse((await page.textContent('body')) ?? '') as Session;
  }

  test('is told when somebody would not join, and has somebody join, who is signed in by that', () =>
    inBrowser(async (page) => {
      const signUp = `${node.url}/auth/login?screen_hint=signup&returnTo=/session`;
      await page.goto(signUp);
      await refuseToJoin(page);
      await page.waitForURL(/\/auth\/callback\?error=access_denied/u);
      expect(await page.textContent('body')).toContain('error');
      await page.goto(signUp);
      await joinAs('nora@example.com', page);
      expect((await sessionOn(page)).user).toMatchObject({ email: 'nora@example.com' });
    }));

  test('has somebody join whom its organization has invited', () =>
    inBrowser(async (page) => {
      const email = 'omar@example.com';
      const invited = await (await fetch(`${node.url}/invited?email=${email}`)).json();
      const { searchParams } = new URL(String(Object(invited).url));
      searchParams.set('screen_hint', 'signup');
      searchParams.set('returnTo', '/session');
      await page.goto(`${node.url}/auth/login?${searchParams.toString()}`);
      await joinAs(email, page);
      const { user, tokenSet } = await sessionOn(page);
      expect(user).toMatchObject({ email });
      expect(decodeJwt(tokenSet.idToken)).toMatchObject({ org_id: 'org_acme' });
    }));

  test('signs in, keeps its session with the claims of an action, refreshes, and signs out', () =>
    inBrowser(async (page) => {
      await page.goto(`${node.url}/auth/login?returnTo=/session`);
      await signInOn(page, { consent: false });
      const { user, tokenSet } = await sessionOn(page);
      expect(user).toMatchObject({ email: 'alice@example.com' });
      // It keeps the claims that it knows, and the token.
      expect(decodeJwt(tokenSet.idToken)).toMatchObject({
        'https://app.example.com/roles': ['reader'],
      });
      await page.goto(`${node.url}/token`);
      const { token } = JSON.parse((await page.textContent('body')) ?? '');
      expect(token).not.toBe(tokenSet.accessToken);
      expect(decodeJwt(token).aud).toContain(API);
      await page.goto(`${node.url}/session`);
      const renewed = await sessionOn(page);
      expect(renewed.tokenSet.accessToken).toBe(token);
      expect(renewed.tokenSet.refreshToken).not.toBe(tokenSet.refreshToken);
      await page.goto(`${node.url}/auth/logout`);
      await page.goto(`${node.url}/session`);
      expect(await page.textContent('body')).toBe('null');
    }));

  test('signs in without a page whoever is signed in at the tenant', () =>
    inBrowser(async (page) => {
      await page.goto(`${node.url}/auth/login?returnTo=/session`);
      await signInOn(page, { consent: false });
      const { tokenSet } = await sessionOn(page);
      await page.context().clearCookies({ name: /^__session/u });
      await page.goto(`${node.url}/session`);
      expect(await page.textContent('body')).toBe('null');
      await page.goto(`${node.url}/auth/login?prompt=none&returnTo=/session`);
      const again = await sessionOn(page);
      expect(again.user).toMatchObject({ email: 'alice@example.com' });
      expect(again.tokenSet.accessToken).not.toBe(tokenSet.accessToken);
    }));
});

// Next takes half as long to build its application as everything else here together.
if (IS_LONG)
  describe('nextjs-auth0 in an application that Next itself builds and serves', () => {
    let server: ChildProcess | undefined;

    beforeAll(async () => {
      const app = await installNextApp();
      const env = { ...process.env, ...nextEnvironment(nextUrl), NEXT_TELEMETRY_DISABLED: '1' };
      const next = (...words: readonly string[]): ChildProcess =>
        spawn(process.execPath, [join(app, 'node_modules/next/dist/bin/next'), ...words], {
          cwd: app,
          env: { ...env, NODE_ENV: 'production' },
          stdio: ['ignore', 'pipe', 'inherit'],
        });
      const build = next('build');
      build.stdout?.resume();
      expect(await once(build, 'exit')).toEqual([0, null]);
      server = next('start', '--port', new URL(nextUrl).port);
      const said = server.stdout?.iterator({ destroyOnReturn: false }) ?? [];
      for await (const text of said) if (String(text).includes('Ready')) break;
      server.stdout?.resume();
    });

    afterAll(() => server?.kill('SIGKILL'));

    test('signs in, shows who it is on a page of the server, renews, and signs out', () =>
      inBrowser(async (page) => {
        await page.goto(`${nextUrl}/auth/login`);
        await signInOn(page, { consent: false });
        await page.waitForSelector('#state:has-text("alice@example.com")');
        await page.goto(`${nextUrl}/token`);
        const [held, renewed] = JSON.parse((await page.textContent('body')) ?? '') as string[];
        expect(decodeJwt(renewed ?? '')).toMatchObject({ iss: `https://${domain}/`, azp: 'next' });
        expect(renewed).not.toBe(held);
        const icon = await page.request.get(`${nextUrl}/favicon.ico`);
        expect(icon.headers()).not.toHaveProperty('set-cookie');
        await page.goto(`${nextUrl}/auth/logout`);
        await page.waitForSelector('#state:has-text("nobody")');
      }));
  });

describe('auth0 for Node, which trusts the authority by NODE_EXTRA_CA_CERTS', () => {
  test('gets a token for itself', async () => {
    const answer = await fetch(`${node.url}/machine`);
    expect(await answer.json()).toMatchObject({ data: { token_type: 'Bearer' } });
  });

  test('finds people by the Management API, and changes them', async () => {
    const answer = await fetch(`${node.url}/people`);
    expect(await answer.json()).toMatchObject({
      email: 'alice@example.com',
      user_metadata: { colour: 'green' },
      phone_number: '+15551230003',
      phone_verified: true,
    });
  });
});

test('auth0 for Node makes an API and an application, which gets a token at once, and takes them away', async () => {
  const answer = await fetch(`${node.url}/made`);
  expect(await answer.json()).toMatchObject({
    listed: ['read:orders'],
    token: { scope: 'read:orders', expires_in: 600 },
    renamed: 'Renamed',
    left: 404,
  });
});

test('auth0 for Node changes the connection, and has an application sign nobody in and everybody again', async () => {
  const answer = await fetch(`${node.url}/connected`);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  expect(JSON.parse(text)).toEqual({
    options: { passwordPolicy: 'low', disable_signup: false },
    off: false,
    on: true,
    refused: 400,
  });
});

test('auth0 for Node invites by a letter, and gives and takes roles of an organization', async () => {
  const answer = await fetch(`${node.url}/organized`);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  expect(JSON.parse(text)).toEqual({ given: ['Buyer'], listed: ['Buyer'], left: [] });
  const inbox = await fetch(`${latchkey.issuer}/dev/inbox.json?to=quinn@example.com`);
  const letters: unknown = await inbox.json();
  expect(letters).toMatchObject([{ name: 'organization-invitation' }]);
  expect(JSON.stringify(letters)).toContain('https://app.example.com/login?invitation=');
});

describe('auth0-auth-js, which does without pages', () => {
  async function play(scene: string): Promise<Readonly<Record<string, unknown>>> {
    const answer = await fetch(`${node.url}/auth-client/${scene}`);
    const text = await answer.text();
    expect(answer.status, text).toBe(200);
    return JSON.parse(text) as Record<string, unknown>;
  }

  test('signs somebody up, who signs in by password, and renews what they have', async () => {
    expect(await play('password')).toMatchObject({
      signedUp: { email: 'zoe@example.com', emailVerified: false },
      wrong: 'Wrong email or password.',
      claims: { email: 'zoe@example.com', nickname: 'zoe' },
      isRotated: true,
      again: 'Unknown or invalid refresh token.',
      words: "We've just sent you an email to reset your password.",
    });
  });

  test('signs in by a code', async () => {
    expect(await play('code')).toMatchObject({
      wrong: 'Wrong email or verification code.',
      claims: { email: 'alice@example.com' },
    });
  });

  test('signs in by a code in a text message', async () => {
    expect(await play('text-message')).toMatchObject({
      wrong: 'Wrong phone number or verification code.',
      claims: { phone_number: '+15551230002', phone_number_verified: true },
    });
  });

  test('sets up an authenticator app, and is asked for it from then on', async () => {
    const { accessToken, ...told } = await play('mfa');
    expect(told).toEqual({
      required: 'mfa_required',
      wrong: 'Invalid otp.',
      types: ['otp', 'recovery-code'],
      challengeType: 'otp',
    });
    expect(decodeJwt(String(accessToken)).sub).toMatch(/^auth0\|/u);
  });
});
