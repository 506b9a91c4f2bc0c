import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeJwt, type JWTPayload } from 'jose';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { axeFindings, type AxeRules } from '../support/axe.ts';
import type { Letter } from '../support/account-node.ts';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';

const CALLBACK = 'https://shop.example/callback';
const SECRET = 'app-secret-of-the-joining-tests-0123456789';
const VERIFIER = randomBytes(32).toString('base64url');
const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));
const GOOD = 'a horse on a battery staple';
const PHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 900 };
const SCREENSHOTS = process.env['LATCHKEY_SCREENSHOTS'];

let latchkey: Latchkey;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What a page was found to lack; each is looked at once. */
const faults: string[] = [];
const examined = new Set<string>();

beforeAll(async () => {
  const port = await freePort();
  latchkey = await startLatchkey({
    port,
    // Passkeys are for names, not for addresses.
    issuer: `http://localhost:${port}`,
    settings: {
      joining: {
        mode: 'open',
        fields: { username: 'optional' },
        terms: { version: '1', url: 'https://shop.example/terms' },
      },
      accounts: {
        attributes: [{ name: 'Team', type: 'enum', values: ['Red', 'Blue'], editableBy: 'person' }],
      },
      clients: [
        {
          id: 'shop',
          name: 'The Shop',
          redirectUris: [CALLBACK],
          secretInClear: SECRET,
          firstParty: true,
        },
      ],
    },
  });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await latchkey.stop();
  await latchkey.clean();
  expect(faults).toEqual([]);
});
beforeEach(() => open());

async function open(options: BrowserContextOptions = {}): Promise<void> {
  await context?.close();
  context = await browser.newContext({ locale: 'en-US', viewport: DESK, ...options });
  page = await context.newPage();
}

function authorizeUrl(more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'shop',
    redirect_uri: CALLBACK,
    scope: 'openid email profile',
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    claims: JSON.stringify({
      id_token: { amr: null, email: null, email_verified: null, name: null },
    }),
    ...more,
  });
  return `${latchkey.issuer}/authorize?${query.toString()}`;
}

/** What the app is told of whoever comes back to it while `act` runs. */
async function signedIn(act: () => Promise<void>): Promise<JWTPayload> {
  const back = page.waitForRequest((request) => request.url().startsWith(CALLBACK));
  await page.route(`${CALLBACK}*`, (route) => route.fulfill({ body: 'at the shop' }));
  await act();
  const code = new URL((await back).url()).searchParams.get('code') ?? '';
  const answer = await fetch(`${latchkey.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`shop:${SECRET}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    }),
  });
  const { id_token: idToken } = (await answer.json()) as { readonly id_token: string };
  return decodeJwt(idToken);
}

/** Waits for a page, and looks at it once: in light and dark, on a desk and on a phone. */
async function heading(text: string): Promise<void> {
  await page.locator('h1', { hasText: text }).waitFor();
  if (examined.has(text)) return;
  examined.add(text);
  await note(text);
  await shot(text, 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize(PHONE);
  await note(text, { rules: ['color-contrast', 'target-size'] });
  await shot(text, 'dark-phone');
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  if (width > PHONE.width) faults.push(`${text}: ${width} px wide`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESK);
}

async function note(name: string, asked?: AxeRules): Promise<void> {
  faults.push(...(await axeFindings(page, asked)).map((finding) => `${name}: ${finding}`));
}

/** For people to look at; nothing by default. */
async function shot(name: string, kind: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  const file = `${name.replaceAll(/\W+/gu, '-').toLowerCase()}-${kind}.png`;
  await page.screenshot({ path: `${SCREENSHOTS}/${file}`, fullPage: true });
}

async function submit(value = 'continue'): Promise<void> {
  await page.locator(`button[name=action][value=${value}]`).click();
}

async function letter(to: string, name: string): Promise<Letter> {
  const find = async (): Promise<Letter | undefined> => {
    const answer = await fetch(`${latchkey.issuer}/dev/inbox.json?to=${to}`);
    const letters = (await answer.json()) as readonly Letter[];
    return letters.find((one) => one.name === name);
  };
  await expect.poll(find).toBeDefined();
  const found = await find();
  if (found === undefined) throw new Error('a letter that was there');
  return found;
}

/** From the page that asks for an address to the one that asks for the rest. */
async function proveAddress(email: string): Promise<void> {
  await heading('Create account');
  await page.fill('[name=email]', email);
  await submit();
  await heading('Check your e-mail');
  const { codes } = await letter(email, 'verify-email');
  await page.fill('[name=code]', codes[0] ?? '');
  await submit();
  await heading('Almost done');
}

test('somebody joins from the sign-in page of an app, and is back there signed in', async () => {
  await page.goto(authorizeUrl());
  await page.click('text=Create account');
  await heading('Create account');
  await submit();
  await proveAddress('zoe@example.com');
  await page.fill('[name=name]', 'Zoe Example');
  await page.fill('[name=password]', 'password');
  await page.locator('[role=status]', { hasText: 'guess' }).waitFor();
  await note('a password that is weighed');
  await page.check('[name=terms]');
  await submit();
  await page.locator('[role=alert]').waitFor();
  await page.fill('[name=password]', GOOD);
  await page.check('[name=terms]');
  const claims = await signedIn(() => submit());
  expect(claims).toMatchObject({
    email: 'zoe@example.com',
    email_verified: true,
    name: 'Zoe Example',
    amr: ['pwd'],
  });
});

test('prompt=create leads straight there; a passkey does without a password', async () => {
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
  await page.goto(authorizeUrl({ prompt: 'create', login_hint: 'yan@example.com' }));
  await proveAddress('yan@example.com');
  await page.check('[name=terms]');
  await submit('passkey');
  await heading('Make your passkey');
  const claims = await signedIn(() => page.locator('button.primary').click());
  expect(claims).toMatchObject({ email: 'yan@example.com', amr: ['pop', 'user', 'mfa'] });
});

test('an invitation becomes an account, without a script, on a dark phone', async () => {
  const words = ['person', 'invite', 'una@example.com', '--config', latchkey.configFile];
  await promisify(execFile)(process.execPath, [COMMAND, ...words], {
    cwd: latchkey.folder,
    env: { PATH: process.env['PATH'], HOME: latchkey.folder },
  });
  await open({ javaScriptEnabled: false, viewport: PHONE, colorScheme: 'dark' });
  const { links } = await letter('una@example.com', 'invitation');
  await page.goto(links[0] ?? '');
  await page.locator('h1', { hasText: 'You are invited' }).waitFor();
  await shot('you-are-invited', 'dark-phone');
  await submit();
  await page.locator('h1', { hasText: 'Almost done' }).waitFor();
  await page.fill('[name=password]', GOOD);
  await page.check('[name=terms]');
  await submit();
  await page.locator('h1', { hasText: 'Hello' }).waitFor();
  await page.goto(links[0] ?? '');
  await page.locator('h1', { hasText: 'of no use' }).waitFor();
});

test('whoever forgot their password chooses a new one', async () => {
  await page.goto(authorizeUrl());
  await page.click('text=Forgot your password?');
  await heading('Forgot your password?');
  await page.fill('[name=login]', 'bob');
  await submit();
  await page.locator('h1', { hasText: 'Check your e-mail' }).waitFor();
  await shot('recovery-sent', 'light');
  const { links } = await letter('bob@example.com', 'recovery');
  await page.goto(links[0] ?? '');
  await heading('Get back into your account');
  await submit();
  await heading('Choose a new password');
  await page.fill('[name=password]', GOOD);
  await submit();
  await heading('You are back');
  await page.goto(links[0] ?? '');
  await heading('This link is of no use any more');
  await page.goto(authorizeUrl());
  await page.fill('[name=login]', 'bob');
  await page.fill('[name=password]', GOOD);
  const claims = await signedIn(async () => {
    await submit();
    // Whoever did not join has not accepted the terms yet.
    await heading('Terms of service');
    await submit();
  });
  expect(claims).toMatchObject({ email: 'bob@example.com' });
});

test('the same in German, where somebody else has the address', async () => {
  await open({ locale: 'de-DE' });
  await page.goto(authorizeUrl({ prompt: 'create' }));
  await heading('Konto anlegen');
  await page.fill('[name=email]', 'carol@example.com');
  await submit();
  await heading('Sehen Sie in Ihre E-Mails');
  expect((await letter('carol@example.com', 'account-exists')).codes).toEqual([]);
});
