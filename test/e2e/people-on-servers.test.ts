import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, type JWTPayload } from 'jose';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { axeFindings } from '../support/axe.ts';
import type { Letter } from '../support/account-node.ts';
import { codeOf, codesOf } from '../support/app-codes.ts';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { startTakingTurns, type TakingTurns } from '../support/taking-turns.ts';

const SECRET = 'app-secret-of-people-on-servers-0123456789';
const EMAIL = 'zoe@example.com';
const FIRST = 'a horse on a battery staple';
const SECOND = 'another horse on another battery';
const THIRD = 'no horse and no battery at all';
const PHONE = { width: 320, height: 640 };
const SCREENSHOTS = process.env['LATCHKEY_SCREENSHOTS'];

let nodes: readonly Latchkey[];
let balancer: TakingTurns;
let issuer: string;
/** The apps: that the browser comes to it is all that a test needs. */
let app: Server;
let callback: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let folder: string;
let stopStores: () => Promise<unknown>;
/** Of the authenticator app. */
let nextCode = async (): Promise<string> => '';
const faults: string[] = [];
const seen = new Set<string>();

beforeAll(async () => {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  stopStores = () => Promise.all([redis.stop(), postgres.stop()]);
  folder = await mkdtemp(join(tmpdir(), 'latchkey-e2e-'));
  const port = await freePort();
  const ports = [await freePort(), await freePort()];
  issuer = `http://localhost:${port}`;
  app = createServer((_, response) => void response.end('Back at the app')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  callback = `http://localhost:${(app.address() as AddressInfo).port}/callback`;
  const client = { redirectUris: [callback], secretInClear: SECRET, firstParty: true };
  const settings = {
    storage: {
      state: { engine: 'redis', redis: { url: redis.url, commandTimeoutMs: 10_000 } },
      records: { engine: 'postgres', postgres: { url: await postgres.createDatabase() } },
    },
    joining: { mode: 'open', terms: { version: '2026-11', url: 'https://example.com/terms' } },
    people: ['ann', 'ben', 'cat'].map((name) => ({
      username: name,
      email: `${name}@example.com`,
      password: FIRST,
    })),
    clients: [
      { id: 'shop', name: 'The Shop', ...client },
      { id: 'bank', name: 'The Bank', secondFactor: 'required', ...client },
    ],
  };
  nodes = await Promise.all(
    ports.map((own) => startLatchkey({ folder, issuer, port: own, settings })),
  );
  balancer = await startTakingTurns(port, ports);
  browser = await launchBrowser();
});
/** A page that somebody waited for in vain says most about why. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  const text = await page.locator('body').innerText();
  process.stdout.write(`${task.name}: stood at ${page.url()}\n${text}\n`);
});
afterAll(async () => {
  await browser.close();
  app.closeAllConnections();
  app.close();
  await balancer.close();
  await Promise.all(nodes.map((node) => node.stop()));
  await stopStores();
  await rm(folder, { recursive: true, force: true });
  expect(faults).toEqual([]);
});
beforeEach(async () => {
  await context?.close();
  context = await browser.newContext({ locale: 'de-DE', colorScheme: 'dark', viewport: PHONE });
  page = await context.newPage();
});

/** What an app is told of whoever comes back to it while `act` runs. */
async function signIn(
  clientId: string,
  act: () => Promise<void>,
  more: Readonly<Record<string, string>> = {},
): Promise<JWTPayload> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    claims: JSON.stringify({ id_token: { amr: null, email: null } }),
    ...more,
  });
  await page.goto(`${issuer}/authorize?${query.toString()}`);
  await act();
  await page.waitForURL((url) => url.href.startsWith(callback));
  const code = new URL(page.url()).searchParams.get('code') ?? '';
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${SECRET}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      code_verifier: verifier,
    }),
  });
  const { id_token: idToken } = (await answer.json()) as { readonly id_token: string };
  return decodeJwt(idToken);
}

/** Waits for a page with this field or these, and looks at it once: it is in German, dark, and fits a phone. */
async function onPageWith(what: string): Promise<void> {
  await page.locator(what).first().waitFor();
  const heading = await page.locator('h1').first().innerText();
  if (seen.has(heading)) return;
  seen.add(heading);
  expect(await page.locator('html').getAttribute('lang')).toBe('de');
  const findings = await axeFindings(page, { rules: ['color-contrast', 'target-size'] });
  faults.push(...findings.map((finding) => `${heading}: ${finding}`));
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  if (width > PHONE.width) faults.push(`${heading}: ${width} px wide`);
  if (SCREENSHOTS === undefined) return;
  const file = `${heading.replaceAll(/\W+/gu, '-').toLowerCase()}-de-dark.png`;
  await page.screenshot({ path: `${SCREENSHOTS}/${file}`, fullPage: true });
}

async function submit(value = 'continue'): Promise<void> {
  await page.locator(`button[name=action][value=${value}]`).click();
}

async function password(secret: string, login = EMAIL): Promise<void> {
  await onPageWith('[name=password]');
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', secret);
  await submit();
}

/** A code of the app that no earlier step of the test has used. */
async function appCode(): Promise<void> {
  await onPageWith('[name=code]');
  await page.fill('[name=code]', await nextCode());
  await submit();
}

/** Whichever node has sent it: the balancer asks one after the other. */
async function letter(name: string, to = EMAIL): Promise<Letter> {
  const find = async (): Promise<Letter | undefined> => {
    const asked = nodes.map(async () => {
      const answer = await fetch(`${issuer}/dev/inbox.json?to=${to}`);
      return (await answer.json()) as readonly Letter[];
    });
    return (await Promise.all(asked)).flat().find((one) => one.name === name);
  };
  await expect.poll(find).toBeDefined();
  const found = await find();
  if (found === undefined) throw new Error('a letter that was there');
  return found;
}

test('somebody joins, page by page on another node, and is back at the app signed in', async () => {
  const claims = await signIn(
    'shop',
    async () => {
      await onPageWith('[name=email]');
      await page.fill('[name=email]', EMAIL);
      await submit();
      await onPageWith('[name=code]');
      const { codes } = await letter('verify-email');
      await page.fill('[name=code]', codes[0] ?? '');
      await submit();
      await onPageWith('[name=password]');
      await page.fill('[name=password]', FIRST);
      await page.check('[name=terms]');
      await submit();
    },
    { prompt: 'create' },
  );
  expect(claims).toMatchObject({ email: EMAIL, amr: ['pwd'] });
});

test('an app is set up at the account page, and asked for before a password is changed', async () => {
  await signIn('shop', () => password(FIRST));
  await page.goto(`${issuer}/account/authenticator`);
  await onPageWith('.key code');
  nextCode = codesOf((await page.locator('.key code').textContent()) ?? '');
  await appCode();
  await page.waitForURL('**done=*');
  await onPageWith('[role=status]');
  await context.clearCookies();
  await page.goto(`${issuer}/account/password`);
  await password(FIRST);
  await appCode();
  await onPageWith('[name=password]');
  await page.fill('[name=password]', SECOND);
  await submit();
  await expect.poll(() => page.locator('[name=password]').count()).toBe(0);
  await onPageWith('h1');
  await context.clearCookies();
  await page.goto(`${issuer}/account`);
  await password(FIRST);
  await onPageWith('[role=alert]');
});

test('whoever forgot their password proves the second factor, and chooses a new one', async () => {
  await page.goto(`${issuer}/account`);
  await page.locator('a[href*=recover]').click();
  await onPageWith('[name=login]');
  await page.fill('[name=login]', EMAIL);
  await submit();
  const { links } = await letter('recovery');
  await page.goto(links[0] ?? '');
  await onPageWith('button[name=action]');
  await submit();
  await onPageWith('[name=code]');
  await appCode();
  await onPageWith('[name=password]');
  await page.fill('[name=password]', THIRD);
  await submit();
  await expect.poll(() => page.locator('[name=password]').count()).toBe(0);
  await onPageWith('h1');
  // The old is none any more, and the new one is asked for the second factor, too.
  await page.goto(`${issuer}/account`);
  await password(SECOND);
  await onPageWith('[role=alert]');
  await password(THIRD);
  await onPageWith('[name=code]');
});

test('a passkey made at the account page signs in by itself', async () => {
  await context.addInitScript(
    'PublicKeyCredential.isConditionalMediationAvailable = async () => false',
  );
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await signIn(
    'shop',
    async () => {
      await onPageWith('[name=email]');
      await page.fill('[name=email]', 'yan@example.com');
      await submit();
      await onPageWith('[name=code]');
      const { codes } = await letter('verify-email', 'yan@example.com');
      await page.fill('[name=code]', codes[0] ?? '');
      await submit();
      await onPageWith('button[value=passkey]');
      await page.check('[name=terms]');
      await submit('passkey');
      await onPageWith('button.primary');
      await page.locator('button.primary').click();
    },
    { prompt: 'create' },
  );
  await context.clearCookies();
  const claims = await signIn('bank', () => submit('passkey'));
  expect(claims).toMatchObject({ email: 'yan@example.com', amr: ['pop', 'user', 'mfa'] });
});

test('whoever is older than the terms accepts them at the next sign-in, and then only sets up what an app needs', async () => {
  await signIn('shop', async () => {
    await password(FIRST, 'ann');
    await onPageWith('a[href="https://example.com/terms"]');
    await submit();
  });
  await context.clearCookies();
  await signIn('bank', async () => {
    await password(FIRST, 'ann');
    await onPageWith('.key code');
    const key = (await page.locator('.key code').textContent()) ?? '';
    await page.fill('[name=code]', codeOf(key));
    await submit();
    await page.locator('button[value=skip]').waitFor();
    await submit();
    await onPageWith('.codes');
    await submit();
  });
});

test('whoever signs in where somebody else is signed in goes on as themselves, without a further click', async () => {
  const asking = { prompt: 'login' };
  const enter = async (login: string): Promise<void> => {
    await password(FIRST, login);
    await page.locator('a[href="https://example.com/terms"]').waitFor();
    await submit();
  };
  await signIn('shop', () => enter('cat'), asking);
  const claims = await signIn('shop', () => enter('ben'), asking);
  expect(claims).toMatchObject({ email: 'ben@example.com' });
});
