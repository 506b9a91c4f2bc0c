import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';

const API = 'https://api.example.com';
const PHONE = { viewport: { width: 320, height: 568 } };

let latchkey: Latchkey;
let browser: Browser;
let context: BrowserContext;
let complaints: string[];

beforeAll(async () => {
  browser = await launchBrowser();
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  latchkey = await startLatchkey({
    port,
    issuer,
    settings: {
      clients: [
        {
          id: 'try',
          name: 'Try page',
          type: 'spa',
          redirectUris: [`${issuer}/try/callback`],
          postLogoutRedirectUris: [`${issuer}/try`],
        },
      ],
      apis: [{ identifier: API, name: 'Messages', scopes: { 'read:messages': 'Read messages' } }],
    },
  });
});

afterAll(async () => {
  await browser?.close();
  await latchkey?.stop();
  await latchkey?.clean();
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

/** The page in a fresh browser; whatever the console complains of fails the test. */
async function visit(options: BrowserContextOptions = {}): Promise<Page> {
  context = await browser.newContext({ locale: 'en-GB', ...options });
  complaints = [];
  const page = await context.newPage();
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${latchkey.issuer}/`);
  return page;
}

async function signIn(page: Page, api = ''): Promise<void> {
  await page.selectOption('[name=resource]', api);
  await page.click('.primary');
  await signInOn(page);
  await page.waitForSelector('#token-id');
  await page.waitForLoadState();
}

/** Presses a button of the page by what it does, and waits for the whole of the page that it leads to. */
async function press(page: Page, action: string): Promise<void> {
  const next = page.waitForEvent('framenavigated');
  await page.click(`[formaction="/try/${action}"]`);
  await next;
  await page.waitForLoadState();
}

/** The newest call and its answer, as the page tells of it. */
async function latest(page: Page): Promise<string> {
  return (await page.textContent('.calls li:first-child'))?.replaceAll(/\s+/g, ' ').trim() ?? '';
}

/** What the page says of one token. */
const about = (page: Page, kind: string): Promise<string> =>
  page.innerText(`section[aria-labelledby=token-${kind}]`);

const accessToken = (page: Page): Promise<string> =>
  page.innerText('section[aria-labelledby=token-access] .token');

const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > window.innerWidth');

/** Every rule as a phone shows it; in the dark only the colours are others. */
async function inspect(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(PHONE.viewport);
  expect(await isTooWide(page)).toBe(false);
  expect(await axeFindings(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await axeFindings(page, { rules: ['color-contrast'] })).toEqual([]);
}

describe('the try page', () => {
  test('signs in, shows the tokens and what is in them, and verifies both', async () => {
    const page = await visit();
    expect(page.url()).toBe(`${latchkey.issuer}/try`);
    await signIn(page, API);
    expect(page.url()).toBe(`${latchkey.issuer}/try`);
    expect(await latest(page)).toContain('Redeemed the code It worked.');

    const idToken = await about(page, 'id');
    expect(idToken).toContain('The signature is right. Signed with RS256');
    expect(idToken).toContain('Ties it to this app');
    const access = await about(page, 'access');
    expect(access).toContain('The signature is right. Signed with ES256');
    expect(access).toContain('at+jwt');
    expect(access).toContain(`["${API}","${latchkey.issuer}/userinfo"]`);
    expect(access).toContain('read:messages');
    expect(await about(page, 'refresh')).toContain('A random text.');
  });

  test('asks userinfo, refreshes, and takes the access token back', async () => {
    const page = await visit();
    await signIn(page);
    await press(page, 'userinfo');
    expect(await latest(page)).toContain('"email": "alice@example.com"');

    const first = await accessToken(page);
    await press(page, 'refresh');
    expect(await latest(page)).toContain('Refreshed It worked.');
    expect(await accessToken(page)).not.toBe(first);

    await press(page, 'revoke-access');
    const access = await about(page, 'access');
    expect(access).toContain('The signature is right.');
    expect(access).toContain('It was taken back.');
    await press(page, 'userinfo');
    expect(await latest(page)).toMatch(/Called userinfo It was refused\..*401 invalid_token/);

    await press(page, 'refresh');
    await press(page, 'userinfo');
    expect(await latest(page)).toContain('Called userinfo It worked.');
  });

  test('takes the refresh token back, and the access token with it', async () => {
    const page = await visit();
    await signIn(page);
    await press(page, 'revoke-refresh');
    await press(page, 'userinfo');
    expect(await latest(page)).toContain('It was refused.');
    await press(page, 'refresh');
    expect(await latest(page)).toMatch(/Refreshed It was refused\..*invalid_grant/);
  });

  test('signs out, and the next sign-in asks for the password', async () => {
    const page = await visit();
    await signIn(page);
    await press(page, 'sign-out');
    await page.click('button[name=action][value=continue]');
    await page.waitForURL(`${latchkey.issuer}/try`);
    expect(await page.isVisible('[name=resource]')).toBe(true);
    await page.click('.primary');
    await page.waitForSelector('[name=password]');
  });

  test('says what went wrong when the person refuses', async () => {
    const page = await visit();
    await page.click('.primary');
    await page.click('button[name=action][value=cancel]');
    expect(await page.innerText('[role=alert]')).toContain('access_denied');
  });

  test('takes no form of another site, and none without the word of its page', async () => {
    const page = await visit();
    const xsrf = await page.getAttribute('[name=xsrf]', 'value');
    const post = async (form: Record<string, string>, site: string): Promise<number> => {
      const headers = { 'sec-fetch-site': site };
      const url = `${latchkey.issuer}/try/userinfo`;
      const answer = await context.request.post(url, { form, headers, maxRedirects: 0 });
      return answer.status();
    };
    expect(await post({ xsrf: xsrf ?? '' }, 'same-origin')).toBe(303);
    expect(await post({ xsrf: xsrf ?? '' }, 'cross-site')).toBe(403);
    expect(await post({ xsrf: 'guessed' }, 'same-origin')).toBe(400);
  });
});

describe('the try page as it looks', () => {
  test('is accessible in light and dark and fits a phone, before and after the sign-in', async () => {
    const page = await visit();
    await inspect(page);
    await signIn(page, API);
    await press(page, 'userinfo');
    await press(page, 'revoke-access');
    await inspect(page);
  });

  test('speaks German', async () => {
    const page = await visit({ locale: 'de-DE', ...PHONE });
    expect(await page.getAttribute('html', 'lang')).toBe('de');
    expect(await page.innerText('h1')).toBe('Ausprobieren');
    await signIn(page, API);
    expect(await about(page, 'id')).toContain('Die Unterschrift stimmt.');
    expect(await isTooWide(page)).toBe(false);
    expect(await page.innerText('main')).not.toMatch(/\b(?:Sign|token is|It was)\b/);
  });

  test('works without scripts', async () => {
    const page = await visit({ javaScriptEnabled: false });
    await signIn(page);
    await press(page, 'userinfo');
    expect(await latest(page)).toContain('"email": "alice@example.com"');
  });
});
