import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { codeOf } from '../support/app-codes.ts';
import { axeFindings } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { installCompat } from '../support/compat.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { startAmplifyApp } from '../support/relying-parties/amplify-app.ts';
import type { Listener } from '../support/relying-parties/listener.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';

const POOL = 'us-east-1_Dev00001';
const STRICT_POOL = 'us-east-1_Strict001';
const PASSWORD = 'Latchkey-dev-1';
const NEXT_PASSWORD = 'Another-one-2';
/** The narrowest screen. */
const NARROW: BrowserContextOptions = { viewport: { width: 320, height: 640 } };
const PRIMARY = 'button[name=action][value=continue]';

let browser: Browser;
let latchkey: Latchkey;
let domain: string;
let app: Listener;

beforeAll(async () => {
  await installCompat();
  browser = await launchBrowser();
  const [port, appPort] = [await freePort(), await freePort()];
  domain = `localhost:${port}`;
  latchkey = await startLatchkey({
    command: 'dev',
    words: ['--cognito', domain, '--https'],
    settings: settingsFor(`http://localhost:${appPort}/`),
  });
  app = await startAmplifyApp({ port: appPort, domain, pool: POOL, clientId: 'spa' });
});

afterAll(async () => {
  await browser?.close();
  await app?.close();
  await latchkey?.stop();
  await latchkey?.clean();
});

function settingsFor(url: string): Readonly<Record<string, unknown>> {
  const oauth = { enabled: true, callbackUrls: [url], logoutUrls: [url] };
  const client = { name: 'Bookshop', oauth };
  return {
    people: [
      { username: 'alice', email: 'alice@example.com', emailVerified: true, password: PASSWORD },
    ],
    cognito: {
      enabled: true,
      signatures: { mode: 'accept' },
      pools: [
        {
          id: POOL,
          people: true,
          mfaFactors: ['app', 'email'],
          clients: [{ ...client, id: 'spa' }],
        },
        {
          id: STRICT_POOL,
          signInBy: 'email',
          mfa: 'on',
          standardAttributes: ['given_name', 'birthdate', 'phone_number'].map((name) => ({
            name,
            required: true,
          })),
          clients: [{ ...client, id: 'strict' }],
        },
      ],
    },
  };
}

async function inBrowser(
  act: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  // Whether a browser trusts the authority is its owner's affair.
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  try {
    await act(await context.newPage());
  } finally {
    await context.close();
  }
}

/** An operation of the API, by an operator or by anybody. */
async function call(page: Page, operation: string, input: object): Promise<void> {
  const answer = await page.request.post(`https://${domain}/`, {
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    data: JSON.stringify(input),
  });
  expect([operation, answer.status()]).toEqual([operation, 200]);
}

/** The code of the only letter of one kind to an address. */
async function codeFor(address: string, name: string): Promise<string> {
  const url = `${latchkey.issuer}/dev/inbox.json?to=${encodeURIComponent(address)}`;
  return await vi.waitFor(async () => {
    const letters = (await (await fetch(url)).json()) as readonly Letter[];
    const [code] = letters.find((letter) => letter.name === name)?.codes ?? [];
    if (code === undefined) throw new Error(`no letter to ${address}`);
    return code;
  }, 60_000);
}

interface Letter {
  readonly name: string;
  readonly codes: readonly string[];
}

describe('aws-amplify at the hosted pages', () => {
  /** Runs where the functions of Amplify are. */
  function amplify<Result>(page: Page, work: string): Promise<Result> {
    return page.evaluate<Result>(`(async () => { const { auth } = window; ${work} })()`);
  }

  async function openApp(page: Page, query = ''): Promise<void> {
    await page.goto(`${app.url}/${query}`);
    await page.waitForFunction('"auth" in window');
  }

  async function signIn(page: Page): Promise<void> {
    await openApp(page);
    await amplify(page, 'void auth.signInWithRedirect()');
    await signInOn(page, { person: { login: 'alice', password: PASSWORD }, consent: false });
    await page.waitForSelector('#state:has-text("signed in")');
  }

  async function userInfo(page: Page, token: string): Promise<number> {
    const headers = { Authorization: `Bearer ${token}` };
    return (await page.request.get(`https://${domain}/oauth2/userInfo`, { headers })).status();
  }

  test('signs in, renews its tokens, and signs out of both', () =>
    inBrowser(async (page) => {
      await signIn(page);
      const session = await amplify<{ readonly token: string }>(
        page,
        `const first = await auth.fetchAuthSession();
         const next = await auth.fetchAuthSession({ forceRefresh: true });
         return {
           claims: first.tokens.idToken.payload,
           isRenewed: String(first.tokens.accessToken) !== String(next.tokens.accessToken),
           token: String(next.tokens.accessToken),
           user: await auth.getCurrentUser(),
           attributes: await auth.fetchUserAttributes(),
         }`,
      );
      expect(session).toMatchObject({
        claims: { email: 'alice@example.com', iss: `https://${domain}/${POOL}` },
        isRenewed: true,
        user: { username: 'alice' },
        attributes: { email: 'alice@example.com' },
      });
      expect(await userInfo(page, session.token)).toBe(200);
      const isBack = page.waitForEvent('load');
      await amplify(page, 'void auth.signOut()');
      await isBack;
      expect(await userInfo(page, session.token)).toBe(401);
      expect(await amplify(page, 'return (await auth.fetchAuthSession()).tokens ?? null')).toBe(
        null,
      );
      await amplify(page, 'void auth.signInWithRedirect()');
      await page.waitForSelector('[name=password]');
    }));

  test('says who it expects and in which language, and hears of a refusal', () =>
    inBrowser(async (page) => {
      await openApp(page);
      await amplify(
        page,
        `void auth.signInWithRedirect({ options: { loginHint: 'alice', lang: 'de', prompt: 'LOGIN' } })`,
      );
      await page.waitForSelector('html[lang=de]');
      expect(await page.inputValue('[name=login]')).toBe('alice');
      await page.click('button[value=cancel]');
      await page.waitForSelector('#state:has-text("failed")');
    }));

  test('takes no answer to what it did not ask', () =>
    inBrowser(async (page) => {
      await openApp(page);
      await amplify(page, 'void auth.signInWithRedirect()');
      await page.waitForSelector('[name=password]');
      await openApp(page, '?code=x&state=another');
      await page.waitForSelector('#state:has-text("failed")');
    }));
});

describe('the hosted pages', () => {
  /** What application of the strict pool asks for. */
  function asked(path: string, more: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams({
      client_id: 'strict',
      response_type: 'code',
      redirect_uri: `${app.url}/`,
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
      ...more,
    });
    return `https://${domain}${path}?${query.toString()}`;
  }

  /** In both colours nothing is amiss, and on the narrowest screen nothing sticks out. */
  async function look(page: Page): Promise<void> {
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axeFindings(page, { rules: ['color-contrast'] })).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  }

  /** By the keyboard alone, in the field that the browser has put it into when it has drawn the page. */
  async function type(page: Page, name: string, value: string): Promise<void> {
    await page.locator(`[name="${name}"]:focus`).waitFor();
    await page.keyboard.type(value);
    await page.keyboard.press('Enter');
  }

  async function send(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(fields)) await page.fill(`[name="${name}"]`, value);
    await page.click(PRIMARY);
  }

  test('make somebody a user with all that the pool requires, by the keyboard alone, and lead them on', () =>
    inBrowser(async (page) => {
      await page.goto(asked('/login', { lang: 'de' }));
      await page.click('a[href$="/signup"]');
      await page.waitForSelector('html[lang=de]');
      expect(await page.locator('label').allTextContents()).toEqual([
        'E-Mail',
        'Vorname',
        'Geburtsdatum',
        'Telefonnummer',
        'Passwort',
      ]);
      await look(page);
      await send(page, {
        email: 'nora@example.org',
        'attribute.given_name': 'Nora',
        'attribute.birthdate': '1990-02-03',
        'attribute.phone_number': '+491701234567',
        password: 'short',
      });
      await page.waitForSelector('[role=alert]');
      await look(page);
      await type(page, 'password', PASSWORD);
      await page.waitForURL(/signup\/code/u);
      await look(page);
      await type(page, 'code', '000000');
      await page.waitForSelector('[role=alert]');
      await look(page);
      await type(page, 'code', await codeFor('nora@example.org', 'verify-email'));
      // Signed in by that, as far as one factor goes.
      await page.waitForSelector('.key');
      const key = (await page.textContent('.key code')) ?? '';
      await send(page, { code: codeOf(key) });
      await page.click('button[value=skip]');
      await page.waitForURL(`${app.url}/?code=*`);
      // In another browser the app is asked for.
      await page.context().clearCookies();
      await page.goto(asked('/login'));
      await send(page, { login: 'nora@example.org', password: 'wrong' });
      await page.waitForSelector('[role=alert]');
      await send(page, { login: 'nora@example.org', password: PASSWORD });
      await send(page, { code: '000000' });
      await page.waitForSelector('[role=alert]');
    }, NARROW));

  const user = { UserPoolId: POOL, Username: 'otto' };

  /** Somebody whom an operator made, with a password for one sign-in. */
  async function makeOtto(page: Page): Promise<void> {
    await call(page, 'AdminCreateUser', {
      ...user,
      TemporaryPassword: PASSWORD,
      MessageAction: 'SUPPRESS',
      UserAttributes: [
        { Name: 'email', Value: 'otto@example.org' },
        { Name: 'email_verified', Value: 'true' },
      ],
    });
  }

  test('ask for a new password after the first one, for another where it was forgotten, and for a code by e-mail', () =>
    inBrowser(async (page) => {
      await makeOtto(page);
      const spa = { client_id: 'spa' };
      await page.goto(asked('/oauth2/authorize', spa));
      await send(page, { login: 'otto', password: PASSWORD });
      await page.waitForSelector('[autocomplete=new-password]');
      await send(page, { password: NEXT_PASSWORD });
      await page.waitForURL(`${app.url}/?code=*`);
      await page.context().clearCookies();
      await page.goto(asked('/oauth2/authorize', spa));
      await page.click('a[href$="/forgotPassword"]');
      await look(page);
      await send(page, { login: 'otto' });
      await page.waitForURL(/forgotPassword\/code/u);
      await look(page);
      await send(page, { code: '000000', password: PASSWORD });
      await page.waitForSelector('[role=alert]');
      await look(page);
      const code = await codeFor('otto@example.org', 'reset-code');
      await send(page, { code, password: `${PASSWORD}!` });
      await page.waitForURL(`${app.url}/?code=*`);
      await call(page, 'AdminSetUserMFAPreference', {
        ...user,
        EmailMfaSettings: { Enabled: true },
      });
      await page.goto(asked('/oauth2/authorize', { ...spa, prompt: 'login' }));
      await send(page, { login: 'otto', password: `${PASSWORD}!` });
      await page.waitForSelector('text=that we sent to your e-mail address');
      await look(page);
      await send(page, { code: await codeFor('otto@example.org', 'sign-in-code') });
      await page.waitForURL(`${app.url}/?code=*`);
      // Where the second factor goes no code for a new password does.
      await call(page, 'AdminSetUserMFAPreference', {
        ...user,
        EmailMfaSettings: { Enabled: false },
      });
      await call(page, 'AdminResetUserPassword', user);
      await page.goto(asked('/oauth2/authorize', { ...spa, prompt: 'login' }));
      await send(page, { login: 'otto', password: `${PASSWORD}!` });
      await page.waitForURL(/forgotPassword\?/u);
      await look(page);
    }, NARROW));

  test('say what is wrong with a request that leads nowhere', () =>
    inBrowser(async (page) => {
      for (const url of [
        asked('/login', { redirect_uri: 'https://elsewhere.example/' }),
        asked('/login', { client_id: 'nobody' }),
        asked('/signup', { client_id: 'nobody' }),
        asked('/logout', { logout_uri: 'https://elsewhere.example/' }),
      ]) {
        await page.goto(url);
        await page.waitForSelector('h1:has-text("This request cannot be completed")');
      }
      await look(page);
    }, NARROW));
});
