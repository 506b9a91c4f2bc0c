import { createHash, randomBytes } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createVerifier, type Verifier } from '../../verifier/src/index.ts';
import { axeFindings, type AxeRules } from '../support/axe.ts';
import type { Letter } from '../support/account-node.ts';
import { codeOf } from '../support/app-codes.ts';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { timeUntil } from '../support/time-until.ts';
import { verdictOn } from '../support/verdict.ts';

const API = 'https://api.example.com';
const CALLBACK = 'https://shop.example/callback';
const SECRET = 'app-secret-of-the-account-page-0123456789';
const PHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 900 };

const CIBA = 'urn:openid:params:grant-type:ciba';
let latchkey: Latchkey;
let verifier: Verifier;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What a page was found to lack, by what was open; each state is looked at once. */
const faults: string[] = [];
const examined = new Set<string>();

beforeAll(async () => {
  const port = await freePort();
  // Passkeys are for names, not for addresses.
  const issuer = `http://localhost:${port}`;
  latchkey = await startLatchkey({
    port,
    issuer,
    settings: {
      accountPage: { deletion: true },
      revocation: { feed: { public: true } },
      apis: [{ identifier: API, name: 'Bookings', scopes: { read: 'Read your bookings' } }],
      protocol: {
        ciba: { enabled: true },
        authorizationDetails: {
          types: [
            {
              type: 'payment',
              name: 'Make a payment',
              description: 'Once, from your account.',
              fields: [{ name: 'to', label: 'To' }],
            },
          ],
        },
      },
      clients: [
        { id: 'shop', name: 'The Shop', redirectUris: [CALLBACK], secretInClear: SECRET },
        {
          id: 'counter',
          name: 'The Counter',
          secretInClear: SECRET,
          redirectUris: [],
          responseTypes: [],
          grantTypes: [CIBA],
          backchannelTokenDeliveryMode: 'poll',
          authorizationDetailsTypes: ['payment'],
        },
      ],
    },
  });
  verifier = createVerifier({ issuer, audience: API, revocation: { whenSilent: 'refuse' } });
  browser = await launchBrowser();
  ({ context, page } = await open());
});
afterAll(async () => {
  await browser.close();
  verifier.close();
  await latchkey.stop();
  await latchkey.clean();
});

async function open(): Promise<{ context: BrowserContext; page: Page }> {
  const opened = await browser.newContext({ locale: 'en-US', viewport: DESK });
  return { context: opened, page: await opened.newPage() };
}

async function goTo(path: string): Promise<void> {
  await page.goto(latchkey.issuer + path);
}

/** What there is to say against the page that is open, in light and dark, on a desk and on a phone. */
async function examine(name: string): Promise<void> {
  if (examined.has(name)) return;
  examined.add(name);
  const note = async (asked?: AxeRules): Promise<void> => {
    faults.push(...(await axeFindings(page, asked)).map((finding) => `${name}: ${finding}`));
  };
  await note();
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize(PHONE);
  await note({ rules: ['color-contrast', 'target-size'] });
  for (const size of ['100%', '200%']) {
    const width = await page.evaluate<number>(
      `document.documentElement.style.fontSize = '${size}', document.documentElement.scrollWidth`,
    );
    if (width > PHONE.width) faults.push(`${name}: ${width} px wide at ${size}`);
  }
  await page.evaluate("document.documentElement.style.fontSize = ''");
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESK);
}

async function submit(value = 'continue'): Promise<void> {
  await page.locator(`button[name=action][value=${value}]`).click();
}

async function password(on: Page = page): Promise<void> {
  await on.fill('[name=login]', 'alice@example.com');
  await on.fill('[name=password]', 'latchkey-dev');
  await on.locator('button[name=action][value=continue]').click();
}

async function heading(text: string): Promise<void> {
  await page.locator('h1', { hasText: text }).waitFor();
  await examine(text);
}

async function done(text: string): Promise<void> {
  await page.locator('[role=status]', { hasText: text }).waitFor();
}

async function letter(to: string, name: string): Promise<Letter> {
  return await vi.waitFor(async () => {
    const answer = await fetch(`${latchkey.issuer}/dev/inbox.json?to=${to}`);
    const letters = (await answer.json()) as readonly Letter[];
    return letters.find((one) => one.name === name) ?? expect.fail(`no letter ${name} to ${to}`);
  }, 60_000);
}

/** Lets the shop in, and gives the token that it gets for the API. `isNew`: to it the person has not said yes before. */
async function shopAt(
  where: BrowserContext,
  { isNew }: { readonly isNew: boolean },
): Promise<string> {
  const there = await where.newPage();
  const code_verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'shop',
    redirect_uri: CALLBACK,
    scope: 'openid email read',
    resource: API,
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  // The shop is nowhere; that the browser wants to go there is enough.
  const arrived = there.waitForRequest((request) => request.url().startsWith(CALLBACK));
  await there.goto(`${latchkey.issuer}/authorize?${query.toString()}`).catch(() => undefined);
  if (isNew) await there.locator('button[name=action][value=continue]').click();
  const code = new URL((await arrived).url()).searchParams.get('code') ?? '';
  await there.close();
  const answer = await fetch(`${latchkey.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`shop:${SECRET}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier,
      redirect_uri: CALLBACK,
    }),
  });
  return ((await answer.json()) as { readonly access_token: string }).access_token;
}

/** Until an API that follows the feed refuses the token. */
function untilRefused(token: string): Promise<number> {
  return timeUntil(() =>
    verifier.verify(token).then(
      () => false,
      () => true,
    ),
  );
}

async function virtualAuthenticator(): Promise<void> {
  await page.bringToFront();
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

test('somebody signs in, and sees how their account stands', async () => {
  await goTo('/account');
  await password();
  await heading('Hello, Alice Example');
  for (const name of ['Profile', 'Devices', 'Connected apps', 'Activity', 'Your data']) {
    await page.locator('.side a', { hasText: name }).click();
    await heading(name);
  }
});

test('another session is signed out, and an API refuses its token within a second', async () => {
  const other = await open();
  await other.page.goto(`${latchkey.issuer}/account`);
  await password(other.page);
  const token = await shopAt(other.context, { isNew: true });
  expect(await verdictOn(verifier, token)).toMatchObject({ clientId: 'shop' });
  await goTo('/account/devices');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.waitForURL('**done=session-ended');
  expect(await untilRefused(token)).toBeLessThan(1000);
  await done('That device was signed out.');
  await other.page.goto(`${latchkey.issuer}/account`);
  await other.page.locator('h1', { hasText: 'Sign in' }).waitFor();
  await other.context.close();
});

test('an app loses its access, and with it its token', async () => {
  const token = await shopAt(context, { isNew: false });
  await goTo('/account/clients');
  await page.locator('summary').click();
  await examine('an app');
  await page.getByRole('button', { name: 'Remove access of The Shop' }).click();
  await page.waitForURL('**done=client-removed');
  expect(await untilRefused(token)).toBeLessThan(1000);
});

test('a counter asks for the person, who approves what they read', async () => {
  const post = async (path: string, form: Record<string, string>): Promise<Response> =>
    fetch(`${latchkey.issuer}${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`counter:${SECRET}`)}` },
      body: new URLSearchParams(form),
    });
  const asked = await post('/bc-authorize', {
    scope: 'openid email',
    login_hint: 'alice@example.com',
    binding_message: 'Counter 3',
    resource: API,
    authorization_details: JSON.stringify([{ type: 'payment', to: 'The Bookshop' }]),
  });
  const { auth_req_id: id = '' } = (await asked.json()) as Record<string, string>;
  await goTo('/account/requests');
  await heading('Requests');
  await page.getByText('The Bookshop').waitFor();
  await submit();
  await done('You approved the request.');
  const answer = await post('/token', { grant_type: CIBA, auth_req_id: id });
  expect(await answer.json()).toMatchObject({
    authorization_details: [{ type: 'payment', to: 'The Bookshop' }],
  });
});

test('a new address is confirmed by the link in its letter, in the browser that asked', async () => {
  await goTo('/account/profile');
  await page.locator('a', { hasText: 'Change' }).click();
  await heading('Change e-mail address');
  await page.fill('[name=email]', 'alice@new.example');
  await submit();
  await heading('Check your e-mail');
  await page.fill('[name=code]', '000000');
  await submit();
  await page.locator('[role=alert]').waitFor();
  await examine('a wrong code');
  const { links } = await letter('alice@new.example', 'verify-email');
  await page.goto(links[0] ?? '');
  await heading('Your code');
  await submit();
  await done('Your e-mail address is confirmed.');
  await letter('alice@example.com', 'email-changed');
});

test('a passkey, an app and recovery codes are set up, each with the proof of what is there', async () => {
  await virtualAuthenticator();
  await goTo('/account/security');
  await heading('Sign-in and security');
  await page.locator('a', { hasText: 'Add a passkey' }).click();
  await heading('Add a passkey');
  await page.fill('[name=name]', 'My laptop');
  await submit('passkey');
  await done('The passkey was added.');
  await examine('something done');
  await page.locator('a', { hasText: 'Edit' }).click();
  await heading('My laptop');

  await goTo('/account/authenticator');
  await page.locator('h1', { hasText: 'Is it really you?' }).waitFor();
  await submit();
  await heading('Set up an authenticator app');
  const key = (await page.locator('.key code').textContent()) ?? '';
  await page.fill('[name=code]', '000000');
  await submit();
  await page.locator('[role=alert]').waitFor();
  expect(await page.locator('.key code').textContent()).toBe(key);
  await page.fill('[name=code]', codeOf(key));
  await submit();
  await done('The app is set up.');

  await goTo('/account/recovery-codes');
  await submit();
  await page.locator('.codes').waitFor();
  await examine('recovery codes');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('a[download]').click(),
  ]);
  expect(download.suggestedFilename()).toBe('recovery-codes.txt');
});

test('every page for a change can be read by everybody, and worked without a script', async () => {
  for (const [path, name] of [
    ['/account/password', 'Change password'],
    ['/account/authenticator/remove', 'Remove authenticator app'],
    ['/account/delete', 'Delete your account'],
  ] as const) {
    await goTo(path);
    await heading(name);
  }
  await page.fill('[name=confirmation]', 'somebody else');
  await submit();
  await page.locator('[role=alert]').waitFor();
  await examine('a wrong name');

  const plain = await browser.newContext({
    javaScriptEnabled: false,
    storageState: await context.storageState(),
  });
  const there = await plain.newPage();
  await there.goto(`${latchkey.issuer}/account/profile`);
  await there.fill('[name=name]', 'Alice Liddell');
  await there.locator('button[name=action]').click();
  await there.locator('[role=status]').waitFor();
  await there.goto(`${latchkey.issuer}/account/passkeys/add`);
  // A passkey needs a script; what is offered in its place does not.
  expect(await there.locator('[data-passkey]').isVisible()).toBe(false);
  await there.locator('a', { hasText: 'Use an authenticator app instead' }).waitFor();
  await plain.close();
});

test('"this was not me" locks the account, and takes back what was changed since', async () => {
  const { links } = await letter('alice@new.example', 'notice');
  const owner = await open();
  [page, context] = [owner.page, owner.context];
  await page.goto(links[0] ?? '');
  await heading('Was this not you?');
  await submit();
  await heading('Your account is protected');
  await page.locator('a', { hasText: 'Go on to sign in' }).click();
  await page.fill('[name=login]', 'alice@new.example');
  await page.fill('[name=password]', 'latchkey-dev');
  await submit();
  await page.locator('[role=alert]').waitFor();
});

test('no page has a fault that axe finds, nor is one too wide for a phone', () => {
  expect(faults).toEqual([]);
});
