import { randomBytes } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { planSites, startApache, type Apache, type Site, type Sites } from '../support/apache.ts';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';

const SECRET = randomBytes(32).toString('base64url');

let latchkey: Latchkey;
let apache: Apache;
let sites: Sites;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  sites = await planSites();
  const both = [sites.query, sites.formPost];
  latchkey = await startLatchkey({
    settings: {
      // Apache is told of sign-outs on this machine.
      http: { outbound: { allow: ['127.0.0.1'] } },
      clients: [
        {
          id: 'apache',
          name: 'Pages behind Apache',
          secretInClear: SECRET,
          redirectUris: both.map(({ redirectUri }) => redirectUri),
          postLogoutRedirectUris: both.map(({ loggedOut }) => loggedOut),
          backchannelLogoutUri: `${sites.query.redirectUri}?logout=backchannel`,
        },
      ],
    },
  });
  apache = await startApache({
    sites,
    issuer: latchkey.issuer,
    clientId: 'apache',
    clientSecret: SECRET,
    passphrase: randomBytes(24).toString('base64url'),
  });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await apache?.stop();
  await latchkey?.stop();
  await latchkey?.clean();
});

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

async function signIn(site = sites.query): Promise<void> {
  await page.goto(site.page);
  await signInOn(page);
  await page.waitForURL(site.page);
}

interface Info {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: Readonly<Record<string, unknown>>;
  readonly userinfo: Readonly<Record<string, unknown>>;
}

/** What the module's own hook tells of its session. */
async function info({ redirectUri }: Site): Promise<Info> {
  const answer = await context.request.get(`${redirectUri}?info=json`);
  expect(answer.status(), await apache.errors()).toBe(200);
  return (await answer.json()) as Info;
}

/** The status of the protected page; 302: it leads to a sign-in. */
async function statusOf(site: Site): Promise<number> {
  const answer = await context.request.get(site.page, { maxRedirects: 0 });
  return answer.status();
}

test.each(['query', 'formPost'] as const)(
  'a page behind mod_auth_openidc is shown to who signed in, with the claims (%s)',
  async (mode) => {
    const site = sites[mode];
    expect(await statusOf(site)).toBe(302);
    await signIn(site);
    expect(await page.textContent('h1')).toBe('Behind Apache');
    expect(await page.textContent('#email')).toBe('alice@example.com');
    const { userinfo, id_token: idToken } = await info(site);
    expect(idToken).toMatchObject({ iss: latchkey.issuer, aud: 'apache' });
    expect(userinfo).toMatchObject({
      sub: idToken['sub'],
      email: 'alice@example.com',
      email_verified: true,
      name: 'Alice Example',
    });
  },
);

test('its refresh hook gets a new access token and keeps the new refresh token', async () => {
  await signIn();
  const first = await info(sites.query);
  const url = new URL(sites.query.redirectUri);
  url.searchParams.set('refresh', sites.query.page);
  url.searchParams.set('access_token', first.access_token);
  await page.goto(url.href);
  expect(page.url()).toBe(sites.query.page);
  const second = await info(sites.query);
  expect(second.access_token).not.toBe(first.access_token);
  expect(second.refresh_token).not.toBe(first.refresh_token);
});

test('its sign-out ends both sessions', async () => {
  await signIn();
  const { redirectUri, loggedOut } = sites.query;
  await page.goto(`${redirectUri}?logout=${encodeURIComponent(loggedOut)}`);
  await page.click('button[name=action][value=continue]');
  await page.waitForURL(loggedOut);
  expect(await statusOf(sites.query)).toBe(302);
  await page.goto(sites.query.page);
  await page.waitForSelector('[name=password]');
});

test('a sign-out that began elsewhere ends the session at Apache by the back channel', async () => {
  await signIn();
  expect(await statusOf(sites.query)).toBe(200);
  await page.goto(`${latchkey.issuer}/logout`);
  await page.click('button[name=action][value=continue]');
  await page.waitForSelector('text=You are signed out');
  await expect.poll(() => statusOf(sites.query)).toBe(302);
});
