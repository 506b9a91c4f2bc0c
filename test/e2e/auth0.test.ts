import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { installCompat, requireCompat } from '../support/compat.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import {
  startAuth0Api,
  startAuth0Spa,
  startAuth0Web,
  startPassportApp,
  startReactApp,
} from '../support/relying-parties/auth0-apps.ts';
import { createAuth0Spa, type Auth0Spa } from '../support/relying-parties/auth0-spa.ts';
import { codeFor, joinOn } from '../support/relying-parties/join-on.ts';
import type { Listener } from '../support/relying-parties/listener.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';

const API = 'https://api.example.com';
const OTHER = 'https://other.example.com';
const PASSWORD = 'correct-horse-battery-47';
const SECRET = 'a-secret-of-the-tests-and-of-nothing-else-0001';

const DATABASE = 'Username-Password-Authentication';
const REALM = 'http://auth0.com/oauth/grant-type/password-realm';
const OTP = 'http://auth0.com/oauth/grant-type/passwordless/otp';

declare const location: { readonly origin: string };

let browser: Browser;
let latchkey: Latchkey;
let tenant: string;
let spa: Auth0Spa;
const apps: Partial<Record<'api' | 'code' | 'passport' | 'react' | 'spa' | 'web', Listener>> = {};

beforeAll(async () => {
  await installCompat();
  browser = await launchBrowser();
  const [port, spaPort, web, code, passport, react] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  tenant = `http://localhost:${port}`;
  const at = (app: number): string => `http://localhost:${app}`;
  latchkey = await startLatchkey({
    settings: {
      authentication: { emailCode: true, smsCode: true },
      joining: { mode: 'open' },
      apis: [
        { identifier: API, name: 'Messages', scopes: { 'read:messages': 'Read' } },
        { identifier: OTHER, name: 'Other', scopes: { 'read:messages': 'Read' } },
      ],
      auth0: {
        tenants: [
          {
            name: 'test',
            issuer: `${tenant}/`,
            listen: { port },
            apis: [{ identifier: API }, { identifier: OTHER }],
            clients: [
              {
                clientId: 'spa',
                appType: 'spa',
                callbacks: [at(spaPort), at(react)],
                allowedLogoutUrls: [at(spaPort)],
                webOrigins: [at(spaPort), at(react)],
              },
              {
                clientId: 'web',
                clientSecretInClear: SECRET,
                callbacks: [web, code, passport].map((app) => `${at(app)}/callback`),
                allowedLogoutUrls: [at(web), at(code)],
              },
              {
                clientId: 'machine',
                appType: 'non_interactive',
                clientSecretInClear: SECRET,
                grantTypes: ['client_credentials', 'refresh_token', 'password', REALM, OTP],
              },
            ],
          },
        ],
      },
    },
  });
  apps.spa = await startAuth0Spa(spaPort);
  spa = createAuth0Spa({ url: apps.spa.url, tenant, audience: API });
  apps.react = await startReactApp(react, {
    domain: tenant,
    clientId: 'spa',
    authorizationParams: {
      redirect_uri: at(react),
      audience: API,
      scope: 'openid profile email read:messages',
    },
  });
  apps.web = await startAuth0Web(web, { issuer: tenant, clientId: 'web' });
  apps.code = await startAuth0Web(code, {
    issuer: tenant,
    clientId: 'web',
    clientSecret: SECRET,
    authorizationParams: {
      response_type: 'code',
      audience: API,
      scope: 'openid profile email offline_access read:messages',
    },
  });
  apps.api = await startAuth0Api({ issuer: tenant, audience: API });
  apps.passport = await startPassportApp(passport, {
    tenant,
    clientId: 'web',
    clientSecret: SECRET,
  });
});

afterAll(async () => {
  await browser?.close();
  for (const app of Object.values(apps)) await app.close();
  await latchkey?.stop();
  await latchkey?.clean();
});

async function inBrowser(act: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  try {
    await act(await context.newPage());
  } finally {
    await context.close();
  }
}

async function jsonOn(page: Page): Promise<unknown> {
  return JSON.parse((await page.textContent('body')) ?? '');
}

async function askApi(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${apps.api?.url ?? ''}/messages`, { headers })).status;
}

describe('auth0-spa-js in a browser', () => {
  test('signs in, gets a token of the API, renews it in a frame, and signs out', () =>
    inBrowser(async (page) => {
      await spa.signIn(page);
      const first = await spa.within(page, {}, async (client) => {
        await client.handleRedirectCallback();
        return { user: await client.getUser(), token: await client.getTokenSilently() };
      });
      expect(first.user).toMatchObject({ email: 'alice@example.com' });
      expect(first.user?.sub).toMatch(/^auth0\|/u);
      expect(await askApi(first.token)).toBe(200);

      const silent = await spa.within(page, {}, async (client) => {
        return await client.getTokenSilently({ cacheMode: 'off' });
      });
      expect(silent).not.toBe(first.token);
      expect(await askApi(silent)).toBe(200);

      const unknown = await spa.within(page, {}, (client) => {
        const authorizationParams = { audience: 'https://nobody.example' };
        return client
          .getTokenSilently({ cacheMode: 'off', authorizationParams })
          .catch((error) => `${error.error}: ${error.error_description}`);
      });
      expect(unknown).toBe('access_denied: Service not found: https://nobody.example');

      await spa.within(page, {}, async (client) => {
        void client.logout({ logoutParams: { returnTo: location.origin } });
      });
      await page.waitForURL(`${apps.spa?.url ?? ''}/`);
      const gone = await spa.within(page, {}, (client) =>
        client.getTokenSilently({ cacheMode: 'off' }).catch((error) => String(error.error)),
      );
      expect(gone).toBe('login_required');
    }));

  test('keeps refresh tokens that rotate, in its worker', () =>
    inBrowser(async (page) => {
      const options = { useRefreshTokens: true };
      await spa.signIn(page, options);
      const tokens = await spa.within(page, options, async (client) => {
        await client.handleRedirectCallback();
        const held = [await client.getTokenSilently()];
        for (let round = 0; round < 3; round += 1)
          held.push(await client.getTokenSilently({ cacheMode: 'off' }));
        return held;
      });
      expect(new Set(tokens).size).toBe(4);
      expect(await askApi(tokens.at(-1) ?? '')).toBe(200);
    }));

  test('has somebody make an account, who is signed in by that', () =>
    inBrowser(async (page) => {
      await spa.begin(page, {}, { authorizationParams: { screen_hint: 'signup' } });
      const email = 'yara@example.com';
      await joinOn(page, { issuer: latchkey.issuer, email, password: PASSWORD });
      await page.waitForURL(/\?code=/u);
      const user = await spa.within(page, {}, async (client) => {
        await client.handleRedirectCallback();
        return await client.getUser();
      });
      expect(user).toMatchObject({ email });
    }));

  test('signs in by a window of its own', () =>
    inBrowser(async (page) => {
      await page.goto(apps.spa?.url ?? '');
      const opened = page.context().waitForEvent('page');
      const user = spa.within(page, {}, async (client) => {
        await client.loginWithPopup();
        return await client.getUser();
      });
      await signInOn(await opened, { consent: false });
      expect(await user).toMatchObject({ email: 'alice@example.com' });
    }));
});

test('auth0-react renews its token in a frame', () =>
  inBrowser(async (page) => {
    await page.goto(apps.react?.url ?? '');
    await page.click('#sign-in');
    await signInOn(page, { consent: false });
    await page.waitForSelector('#state:has-text("alice@example.com")');
    await page.click('#renew');
    await page.waitForSelector('#renewals:has-text("1")');
    expect(await askApi((await page.textContent('#token')) ?? '')).toBe(200);
  }));

test('express-openid-connect signs in by its defaults, and out at /v2/logout', () =>
  inBrowser(async (page) => {
    const home = apps.web?.url ?? '';
    await page.goto(`${home}/login`);
    await signInOn(page, { consent: false });
    await page.waitForURL(`${home}/`);
    expect(await page.textContent('body')).toContain('"email":"alice@example.com"');
    await page.goto(`${home}/logout`);
    await page.waitForURL(`${home}/`);
    expect(await page.textContent('body')).toContain('"signedIn":false');
    await page.goto(`${home}/login`);
    await page.waitForSelector('[name=password]');
  }));

test('express-openid-connect has a token of the API, renews it, and is told when somebody says no', () =>
  inBrowser(async (page) => {
    const home = apps.code?.url ?? '';
    await page.goto(`${home}/login`);
    await page.click('button[name=action][value=cancel]');
    await page.waitForURL(/\/callback\?error=access_denied/u);
    await page.goto(`${home}/login`);
    await signInOn(page, { consent: false });
    await page.waitForURL(`${home}/`);
    await page.goto(`${home}/tokens`);
    const { access, refresh } = (await jsonOn(page)) as Readonly<Record<string, string[]>>;
    expect(new Set(access).size).toBe(2);
    for (const token of access ?? []) expect(await askApi(token)).toBe(200);
    expect(new Set(refresh).size).toBe(2);
  }));

test('express-openid-connect has somebody join, and signs in without a page whoever is signed in at the tenant', () =>
  inBrowser(async (page) => {
    const home = apps.code?.url ?? '';
    const email = 'xena@example.com';
    await page.goto(`${home}/sign-up`);
    await joinOn(page, { issuer: latchkey.issuer, email, password: PASSWORD });
    await page.waitForURL(`${home}/`);
    expect(await jsonOn(page)).toMatchObject({ signedIn: true, claims: { email } });
    await page.context().clearCookies({ name: 'appSession' });
    await page.goto(`${home}/`);
    expect(await jsonOn(page)).toMatchObject({ signedIn: false });
    await page.goto(`${home}/silent`);
    await page.waitForURL(`${home}/`);
    expect(await jsonOn(page)).toMatchObject({ signedIn: true, claims: { email } });
  }));

test('passport-auth0 signs in without PKCE, and asks userinfo with the token in the query', () =>
  inBrowser(async (page) => {
    const login = `${apps.passport?.url ?? ''}/login`;
    await page.goto(login);
    await page.click('button[name=action][value=cancel]');
    await page.waitForURL(/\/callback\?error=access_denied/u);
    expect(await page.textContent('body')).toBe('Unauthorized');
    await page.goto(login);
    await signInOn(page, { consent: false });
    await page.waitForURL(/callback/u);
    expect(await jsonOn(page)).toMatchObject({
      id: expect.stringMatching(/^auth0\|/u),
      emails: [{ value: 'alice@example.com' }],
    });
  }));

test('passport-auth0 has somebody join, and a token of the API without a page', () =>
  inBrowser(async (page) => {
    const login = `${apps.passport?.url ?? ''}/login`;
    const email = 'walt@example.com';
    await page.goto(`${login}?screen_hint=signup`);
    await joinOn(page, { issuer: latchkey.issuer, email, password: PASSWORD });
    await page.waitForURL(/\/callback\?/u);
    expect(await jsonOn(page)).toMatchObject({ emails: [{ value: email }] });
    const scope = 'openid email read:messages';
    const asked = new URLSearchParams({ prompt: 'none', audience: API, scope });
    await page.goto(`${login}?${asked.toString()}`);
    await page.waitForURL(/\/callback\?/u);
    const silent = await jsonOn(page);
    expect(silent).toMatchObject({ emails: [{ value: email }] });
    expect(await askApi(String(Object(silent).accessToken))).toBe(200);
  }));

describe('auth0 for Node', () => {
  type Ask = (options: object) => Promise<{
    readonly data: { readonly access_token: string; readonly refresh_token?: string };
  }>;
  type Tell = (options: object) => Promise<{ readonly data: unknown }>;
  interface Authentication {
    readonly oauth: Readonly<
      Record<'clientCredentialsGrant' | 'passwordGrant' | 'refreshTokenGrant', Ask>
    >;
    readonly database: Readonly<Record<'signUp' | 'changePassword', Tell>>;
    readonly passwordless: Readonly<
      Record<'sendEmail' | 'sendSMS', Tell> & Record<'loginWithEmail' | 'loginWithSMS', Ask>
    >;
  }

  function authentication(clientSecret: string): Authentication {
    const { AuthenticationClient }: { AuthenticationClient: new (o: object) => Authentication } =
      requireCompat('auth0/legacy');
    return new AuthenticationClient({
      domain: new URL(tenant).host,
      clientId: 'machine',
      clientSecret,
      // It writes https before a domain, which the tenant of a test does not have.
      fetch: (url: string, init: RequestInit) => fetch(url.replace(/^https:/u, 'http:'), init),
    });
  }

  test('gets a token of its own, which the API takes', async () => {
    const { data } = await authentication(SECRET).oauth.clientCredentialsGrant({ audience: API });
    expect(await askApi(data.access_token)).toBe(200);
  });

  test('knows our refusals', async () => {
    const refused = authentication('wrong').oauth.clientCredentialsGrant({ audience: API });
    await expect(refused).rejects.toMatchObject({ error: 'access_denied', statusCode: 401 });
  });

  // Without `openid`: it holds the issuer of an ID token against https.
  const wish = { audience: API, scope: 'offline_access read:messages' };

  test('signs somebody up, who signs in by password and goes on by a refresh token', async () => {
    const { oauth, database } = authentication(SECRET);
    const connection = DATABASE;
    const person = { email: 'zoe@example.com', password: PASSWORD };
    expect(await database.signUp({ ...person, connection })).toMatchObject({
      data: { email: person.email, email_verified: false },
    });
    const asked = { username: person.email, password: person.password, realm: connection, ...wish };
    const { data } = await oauth.passwordGrant(asked);
    expect(await askApi(data.access_token)).toBe(200);
    const refreshed = await oauth.refreshTokenGrant({ refresh_token: data.refresh_token });
    expect(await askApi(refreshed.data.access_token)).toBe(200);
    await expect(oauth.passwordGrant({ ...asked, password: 'wrong' })).rejects.toMatchObject({
      error: 'invalid_grant',
      error_description: 'Wrong email or password.',
      statusCode: 403,
    });
    await database.changePassword({ email: person.email, connection });
  });

  test('sends a code, by which somebody signs in', async () => {
    const { passwordless } = authentication(SECRET);
    const email = 'alice@example.com';
    await passwordless.sendEmail({ email, send: 'code' });
    const { data } = await passwordless.loginWithEmail({
      email,
      code: await codeFor(email, latchkey.issuer),
      ...wish,
    });
    expect(await askApi(data.access_token)).toBe(200);
  });

  test('sends a code to a telephone, by which somebody who is new signs in', async () => {
    const { passwordless } = authentication(SECRET);
    const phone = '+15551230001';
    await passwordless.sendSMS({ phone_number: phone });
    const code = await codeFor(phone, latchkey.issuer);
    const wrong = code === '000000' ? '111111' : '000000';
    await expect(
      passwordless.loginWithSMS({ phone_number: phone, code: wrong, ...wish }),
    ).rejects.toMatchObject({
      error: 'invalid_grant',
      error_description: 'Wrong phone number or verification code.',
      statusCode: 403,
    });
    const { data } = await passwordless.loginWithSMS({ phone_number: phone, code, ...wish });
    expect(await askApi(data.access_token)).toBe(200);
    await expect(passwordless.sendSMS({ phone_number: '555 1234' })).rejects.toMatchObject({
      error: 'bad.phone_number',
      statusCode: 400,
    });
  });
});

test('express-oauth2-jwt-bearer refuses what is no token for it, or has too little scope', async () => {
  const tokenFor = async (wish: object): Promise<string> => {
    const machine = { grant_type: 'password', client_id: 'machine', client_secret: SECRET };
    const answer = await fetch(`${tenant}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...machine, username: 'bob', password: 'latchkey-dev', ...wish }),
    });
    const { access_token: token } = (await answer.json()) as { readonly access_token: string };
    return token;
  };
  expect(await askApi('nothing')).toBe(401);
  expect(await askApi(await tokenFor({}))).toBe(401);
  expect(await askApi(await tokenFor({ audience: OTHER }))).toBe(401);
  expect(await askApi(await tokenFor({ audience: API, scope: 'openid' }))).toBe(403);
  expect(await askApi(await tokenFor({ audience: API }))).toBe(200);
});
