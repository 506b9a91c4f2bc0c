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
} from '../support/relying-parties/auth0-apps.ts';
import type { Listener } from '../support/relying-parties/listener.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';

const API = 'https://api.example.com';
const SECRET = 'a-secret-of-the-tests-and-of-nothing-else-0001';

const DATABASE = 'Username-Password-Authentication';
const REALM = 'http://auth0.com/oauth/grant-type/password-realm';
const OTP = 'http://auth0.com/oauth/grant-type/passwordless/otp';

/** What of auth0-spa-js these tests call. */
interface SpaClient {
  loginWithRedirect(options?: object): Promise<void>;
  loginWithPopup(options?: object): Promise<void>;
  handleRedirectCallback(): Promise<object>;
  getTokenSilently(options?: object): Promise<string>;
  getUser(): Promise<{ readonly sub: string; readonly email: string } | undefined>;
  logout(options: object): Promise<void>;
}

declare const location: { readonly origin: string };

let browser: Browser;
let latchkey: Latchkey;
let tenant: string;
const apps: Partial<Record<'api' | 'passport' | 'spa' | 'web', Listener>> = {};

beforeAll(async () => {
  await installCompat();
  browser = await launchBrowser();
  const [port, spa, web, passport] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  tenant = `http://localhost:${port}`;
  const at = (app: number): string => `http://localhost:${app}`;
  latchkey = await startLatchkey({
    settings: {
      authentication: { emailCode: true },
      joining: { mode: 'open' },
      apis: [{ identifier: API, name: 'Messages', scopes: { 'read:messages': 'Read' } }],
      auth0: {
        tenants: [
          {
            name: 'test',
            issuer: `${tenant}/`,
            listen: { port },
            apis: [{ identifier: API }],
            clients: [
              {
                clientId: 'spa',
                appType: 'spa',
                callbacks: [at(spa)],
                allowedLogoutUrls: [at(spa)],
                webOrigins: [at(spa)],
              },
              {
                clientId: 'web',
                clientSecretInClear: SECRET,
                callbacks: [`${at(web)}/callback`, `${at(passport)}/callback`],
                allowedLogoutUrls: [at(web)],
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
  apps.spa = await startAuth0Spa(spa);
  apps.web = await startAuth0Web(web, { issuer: tenant, clientId: 'web' });
  apps.api = await startAuth0Api({ issuer: tenant, audience: API });
  apps.passport = await startPassportApp(passport, {
    tenant,
    clientId: 'web',
    clientSecret: SECRET,
  });
}, 120_000);

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

/** Calls what is left of the page's `auth0`: a client of it is made for each page. */
async function withSpa<Result>(
  page: Page,
  options: object,
  act: (client: SpaClient) => Promise<Result>,
): Promise<Result> {
  const given = {
    domain: tenant,
    clientId: 'spa',
    authorizationParams: {
      redirect_uri: apps.spa?.url,
      audience: API,
      scope: 'openid profile email read:messages',
    },
    ...options,
  };
  return page.evaluate(`(async () => {
    const client = await auth0.createAuth0Client(${JSON.stringify(given)});
    return await (${act.toString()})(client);
  })()`);
}

async function signInToSpa(page: Page, options: object = {}): Promise<void> {
  await page.goto(apps.spa?.url ?? '');
  await withSpa(page, options, async (client) => {
    void client.loginWithRedirect();
  });
  await signInOn(page, { consent: false });
  await page.waitForURL(/\?code=/u);
}

async function askApi(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${apps.api?.url ?? ''}/messages`, { headers })).status;
}

describe('auth0-spa-js in a browser', () => {
  test('signs in, gets a token of the API, renews it in a frame, and signs out', () =>
    inBrowser(async (page) => {
      await signInToSpa(page);
      const first = await withSpa(page, {}, async (client) => {
        await client.handleRedirectCallback();
        return { user: await client.getUser(), token: await client.getTokenSilently() };
      });
      expect(first.user).toMatchObject({ email: 'alice@example.com' });
      expect(first.user?.sub).toMatch(/^auth0\|/u);
      expect(await askApi(first.token)).toBe(200);

      const silent = await withSpa(page, {}, async (client) => {
        return await client.getTokenSilently({ cacheMode: 'off' });
      });
      expect(silent).not.toBe(first.token);
      expect(await askApi(silent)).toBe(200);

      await withSpa(page, {}, async (client) => {
        void client.logout({ logoutParams: { returnTo: location.origin } });
      });
      await page.waitForURL(`${apps.spa?.url ?? ''}/`);
      const gone = await withSpa(page, {}, (client) =>
        client.getTokenSilently({ cacheMode: 'off' }).catch((error) => String(error.error)),
      );
      expect(gone).toBe('login_required');
    }));

  test('keeps refresh tokens that rotate, in its worker', () =>
    inBrowser(async (page) => {
      const options = { useRefreshTokens: true };
      await signInToSpa(page, options);
      const tokens = await withSpa(page, options, async (client) => {
        await client.handleRedirectCallback();
        const held = [await client.getTokenSilently()];
        for (let round = 0; round < 3; round += 1)
          held.push(await client.getTokenSilently({ cacheMode: 'off' }));
        return held;
      });
      expect(new Set(tokens).size).toBe(4);
      expect(await askApi(tokens.at(-1) ?? '')).toBe(200);
    }));

  test('signs in by a window of its own', () =>
    inBrowser(async (page) => {
      await page.goto(apps.spa?.url ?? '');
      const opened = page.context().waitForEvent('page');
      const user = withSpa(page, {}, async (client) => {
        await client.loginWithPopup();
        return await client.getUser();
      });
      await signInOn(await opened, { consent: false });
      expect(await user).toMatchObject({ email: 'alice@example.com' });
    }));
});

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

test('passport-auth0 signs in without PKCE, and asks userinfo with the token in the query', () =>
  inBrowser(async (page) => {
    await page.goto(`${apps.passport?.url ?? ''}/login`);
    await signInOn(page, { consent: false });
    await page.waitForURL(/callback/u);
    const profile: unknown = JSON.parse((await page.textContent('body')) ?? '');
    expect(profile).toMatchObject({
      id: expect.stringMatching(/^auth0\|/u),
      emails: [{ value: 'alice@example.com' }],
    });
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
    readonly passwordless: { readonly sendEmail: Tell; readonly loginWithEmail: Ask };
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
    const person = { email: 'zoe@example.com', password: 'correct-horse-battery-47' };
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
    const codes = async (): Promise<readonly string[]> => {
      const answer = await fetch(`${latchkey.issuer}/dev/inbox.json?to=${email}`);
      const letters = (await answer.json()) as readonly { readonly codes: readonly string[] }[];
      return letters.flatMap((letter) => letter.codes);
    };
    await expect.poll(async () => (await codes()).length).toBe(1);
    const { data } = await passwordless.loginWithEmail({
      email,
      code: (await codes())[0],
      ...wish,
    });
    expect(await askApi(data.access_token)).toBe(200);
  });
});

test('express-oauth2-jwt-bearer refuses what is no token of the tenant', async () => {
  expect(await askApi('nothing')).toBe(401);
});
