import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codesOf } from '../support/app-codes.ts';
import { axeFindings } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';

const PASSWORD = 'latchkey-dev';
const SECRET = 'app-secret-of-the-sign-in-steps-0123456789';
const TIMED = { claims: JSON.stringify({ id_token: { amr: null, auth_time: null } }) };
const TWO_FACTORS = 'urn:latchkey:acr:2fa';

let latchkey: Latchkey;
/** The apps: the browser's request for it is all that a test needs. */
let app: Server;
let callback: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const examined = new Set<string>();
const failedAxe: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  app = createServer((_, response) => void response.end('Back at the app')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  // Of the same site as the pages: a virtual authenticator does not follow to another.
  callback = `http://localhost:${(app.address() as AddressInfo).port}/callback`;
  const port = await freePort();
  const client = { redirectUris: [callback], secretInClear: SECRET, firstParty: true };
  latchkey = await startLatchkey({
    port,
    // Passkeys are for names, not for addresses.
    issuer: `http://localhost:${port}`,
    settings: {
      authentication: { emailCode: true },
      protocol: { deviceFlow: { enabled: true } },
      clients: [
        { id: 'app', name: 'App', ...client },
        { id: 'lax', name: 'Lax App', secondFactor: 'never', ...client },
        { id: 'strict', name: 'Strict App', secondFactor: 'required', ...client },
        { id: 'tv', name: 'The Television', type: 'device' },
      ],
      people: ['ann', 'ben', 'cat', 'dan', 'eve', 'fay', 'gus'].map((name) => ({
        username: name,
        email: `${name}@example.com`,
        emailVerified: true,
        password: PASSWORD,
      })),
    },
  });
});
afterAll(async () => {
  await browser.close();
  app.closeAllConnections();
  app.close();
  await latchkey.stop();
  await latchkey.clean();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 320, height: 900 } });
  page = await context.newPage();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') {
    const text = await page.locator('body').innerText();
    process.stdout.write(`${task.name}: stood at ${page.url()}\n${text}\n`);
  }
  await context.close();
});

interface Asked {
  readonly clientId?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** The claims of the ID token that `steps` lead to. */
async function signIn(
  steps: () => Promise<void>,
  { clientId = 'app', parameters = {} }: Asked = {},
): Promise<Record<string, unknown>> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    claims: JSON.stringify({ id_token: { acr: null, amr: null } }),
    ...parameters,
  });
  await page.goto(`${latchkey.issuer}/authorize?${query.toString()}`);
  await steps();
  // Until it is there: whoever leaves while the browser is on its way interrupts it.
  await page.waitForURL((url) => url.href.startsWith(callback));
  const url = new URL(page.url());
  const code = url.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${url.search}`);
  const answer = await fetch(`${latchkey.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${SECRET}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      code_verifier: verifier,
    }),
  });
  const tokens = (await answer.json()) as { readonly id_token: string };
  return decodeJwt(tokens.id_token);
}

async function submit(value = 'continue'): Promise<void> {
  await page.locator(`button[name=action][value=${value}]`).click();
}

async function password(login: string): Promise<void> {
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', PASSWORD);
  await submit();
}

/** Waits for the page, and holds it once to what every page must be. */
async function on(heading: string): Promise<void> {
  await page.locator('h1', { hasText: heading }).waitFor();
  if (examined.has(heading)) return;
  examined.add(heading);
  failedAxe.push(...(await axeFindings(page)).map((finding) => `${heading}: ${finding}`));
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  expect(width, heading).toBeLessThanOrEqual(320);
}

/** Of a browser that offers passkeys in its own list, from when `offer()` is called; nobody picks one there. */
const OFFERING = `
  PublicKeyCredential.isConditionalMediationAvailable = () =>
    new Promise((resolve) => { window.offer = () => resolve(true); });
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = (asked) => asked.mediation === 'conditional' ? new Promise(() => {}) : get(asked);
`;

/** Holds the next challenge that the page asks for, until it is released. */
async function holdChallenge(): Promise<{ asked: Promise<void>; release(): Promise<void> }> {
  const held = Promise.withResolvers<Route>();
  await page.route('**/passkey', (route) => held.resolve(route), { times: 1 });
  return {
    asked: held.promise.then(() => undefined),
    release: async () => (await held.promise).continue(),
  };
}

/** What a browser forgets that was closed; a device that was to be remembered stays so. */
function closeSession(): Promise<void> {
  return context.clearCookies({ name: /session/ });
}

async function enrolApp(): Promise<() => Promise<string>> {
  await on('Protect your account');
  const next = codesOf((await page.locator('.key code').textContent()) ?? '');
  await page.fill('[name=code]', await next());
  await submit();
  await on('Recovery codes');
  await submit('skip');
  return next;
}

/** Its passkeys are picked by the button alone: nobody is there to pick from the browser's own list. */
async function virtualAuthenticator(): Promise<void> {
  await context.addInitScript(
    'PublicKeyCredential.isConditionalMediationAvailable = async () => false',
  );
  // A browser makes and uses passkeys only where the person looks.
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

async function letterTo(address: string): Promise<{ codes: string[]; links: string[] }> {
  const find = async (): Promise<{ codes: string[]; links: string[] } | undefined> => {
    const answer = await fetch(`${latchkey.issuer}/dev/inbox.json?to=${address}`);
    return ((await answer.json()) as { codes: string[]; links: string[] }[])[0];
  };
  await expect.poll(find).toBeDefined();
  const letter = await find();
  if (letter === undefined) throw new TypeError('it was there');
  return letter;
}

describe('a client whose people need a second factor', () => {
  test('has them set up an app once, and asks for its code from then on', async () => {
    let next = async (): Promise<string> => '';
    const first = await signIn(
      async () => {
        await password('ann');
        next = await enrolApp();
      },
      { clientId: 'strict' },
    );
    expect(first).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: TWO_FACTORS });
    // Whoever had only her password could have done that: she hears of it, with the way to take it back.
    expect((await letterTo('ann@example.com')).links[0]).toContain('/account/not-me/');

    await context.clearCookies();
    const again = await signIn(async () => {
      await password('ann');
      await on('Is it really you?');
      await page.fill('[name=code]', '000000');
      await submit();
      await on('Is it really you?');
      await page.locator('[role=alert]').waitFor();
      await page.fill('[name=code]', await next());
      await page.check('[name=remember-device]');
      await submit();
    });
    expect(again).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });

    // Remembered, it is spared; where the client asks for it by name, it is not.
    await closeSession();
    expect(await signIn(() => password('ann'), { clientId: 'strict' })).toMatchObject({
      amr: ['pwd', 'rba'],
    });
    // A session that was never asked for it brings its own time along: nobody signs in by coming by.
    await closeSession();
    const lax = await signIn(() => password('ann'), { clientId: 'lax', parameters: TIMED });
    const second = Number(lax['auth_time']);
    await expect.poll(() => Math.floor(Date.now() / 1000)).toBeGreaterThan(second);
    const cameBy = await signIn(async () => {}, { clientId: 'strict', parameters: TIMED });
    expect(cameBy).toMatchObject({ amr: ['pwd', 'rba'], auth_time: second });
    const stepUp = await signIn(
      async () => {
        await on('Is it really you?');
        await page.fill('[name=code]', await next());
        await submit();
      },
      { parameters: { acr_values: TWO_FACTORS } },
    );
    expect(stepUp).toMatchObject({ acr: TWO_FACTORS });
  });

  test('has them make a passkey, which is then enough alone', async () => {
    await virtualAuthenticator();
    const first = await signIn(
      async () => {
        await password('cat');
        await on('Protect your account');
        await submit('passkey');
        await on('Recovery codes');
        await submit();
        await page.locator('.codes').waitFor();
        await on('Recovery codes');
        expect(await page.locator('.codes li').count()).toBe(10);
        await submit();
      },
      { clientId: 'strict' },
    );
    expect(first).toMatchObject({ amr: ['pwd', 'pop', 'mfa'] });
    await closeSession();
    const sub = first['sub'];
    const alone = await signIn(() => submit('passkey'), { clientId: 'strict' });
    expect(alone).toMatchObject({ sub, amr: ['pop', 'user', 'mfa'], acr: TWO_FACTORS });
  });
});

test('a passkey by the button is not in the way of those that the browser offers, whichever was first', async () => {
  await virtualAuthenticator();
  await signIn(
    async () => {
      await password('gus');
      await on('Protect your account');
      await submit('passkey');
      await on('Recovery codes');
      await submit('skip');
    },
    { clientId: 'strict' },
  );
  await context.addInitScript(OFFERING);
  const byPasskey = { amr: ['pop', 'user', 'mfa'] };

  await closeSession();
  const byButton = await signIn(async () => {
    const challenge = await holdChallenge();
    await submit('passkey');
    await challenge.asked;
    await page.evaluate('offer()');
    await challenge.release();
  });
  expect(byButton).toMatchObject(byPasskey);

  await closeSession();
  const afterOffer = await signIn(async () => {
    const offered = await holdChallenge();
    await page.evaluate('offer()');
    await offered.asked;
    const wanted = await holdChallenge();
    let isAskedAtOnce = false;
    void wanted.asked.then(() => (isAskedAtOnce = true));
    await submit('passkey');
    await page.evaluate('new Promise(requestAnimationFrame)');
    // The provider keeps one challenge: whichever of two at once came later.
    expect(isAskedAtOnce).toBe(false);
    await offered.release();
    await wanted.release();
  });
  expect(afterOffer).toMatchObject(byPasskey);
});

test('a session that began at an app that asks for less steps up', async () => {
  await signIn(() => password('eve'));
  const stepUp = await signIn(async () => void (await enrolApp()), { clientId: 'strict' });
  expect(stepUp).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
  // From now on the session is enough everywhere.
  expect(await signIn(async () => {}, { clientId: 'strict' })).toMatchObject({ acr: TWO_FACTORS });
});

describe('a code by mail', () => {
  test('signs in whoever types it where they asked, and nobody by its link', async () => {
    const claims = await signIn(async () => {
      await page.fill('[name=login]', 'ben@example.com');
      await submit('email');
      await on('Check your e-mail');
      const { codes, links } = await letterTo('ben@example.com');
      const scanner = await browser.newContext();
      const opened = await scanner.newPage();
      for (let time = 0; time < 2; time += 1) {
        await opened.goto(links[0] ?? '');
        await opened.locator('h1', { hasText: 'Your code' }).waitFor();
      }
      expect(await opened.locator('.key code').textContent()).toBe(codes[0]);
      expect((await scanner.cookies()).map(({ name }) => name)).not.toContainEqual(
        expect.stringContaining('session'),
      );
      await scanner.close();
      await page.fill('[name=code]', '000000');
      await submit();
      await page.locator('[role=alert]').waitFor();
      await page.fill('[name=code]', codes[0] ?? '');
      await submit();
    });
    expect(claims).toMatchObject({ amr: ['otp'] });
  });

  test('stands for the password: whoever has an app is asked for its code, and sets up no other', async () => {
    let next = async (): Promise<string> => '';
    await signIn(
      async () => {
        await password('fay');
        next = await enrolApp();
      },
      { clientId: 'strict' },
    );
    for (const clientId of ['app', 'strict']) {
      await context.clearCookies();
      await fetch(`${latchkey.issuer}/dev/inbox`, { method: 'DELETE' });
      const claims = await signIn(
        async () => {
          await page.fill('[name=login]', 'fay@example.com');
          await submit('email');
          await on('Check your e-mail');
          await page.fill('[name=code]', (await letterTo('fay@example.com')).codes[0] ?? '');
          await submit();
          await on('Is it really you?');
          await page.fill('[name=code]', await next());
          await submit();
        },
        { clientId },
      );
      expect(claims).toMatchObject({ amr: ['otp', 'mfa'], acr: TWO_FACTORS });
    }
  });

  test('for nobody looks the same', async () => {
    await signIn(async () => {
      await page.fill('[name=login]', 'nobody@example.com');
      await submit('email');
      await on('Check your e-mail');
      await page.fill('[name=code]', '123456');
      await submit();
      await on('Check your e-mail');
      await page.locator('[role=alert]').waitFor();
      await submit('other');
      await password('dan');
    });
  });
});

test('a device is let in by the code that it shows', async () => {
  const form = { client_id: 'tv', scope: 'openid email' };
  const asking = await fetch(`${latchkey.issuer}/device/authorize`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const asked = (await asking.json()) as Record<string, string>;
  const { user_code: userCode = '', device_code: deviceCode = '' } = asked;
  const picture = await fetch(`${latchkey.issuer}/device/qr.svg?user_code=${userCode}`);
  expect(await picture.text()).toMatch(/^<svg /u);
  await page.goto(`${latchkey.issuer}/device`);
  await on('Connect a device');
  await page.fill('[name=user_code]', 'BBBBBBBB');
  await submit();
  await page.locator('[role=alert]').waitFor();
  await page.goto(asked['verification_uri_complete'] ?? '');
  expect(await page.inputValue('[name=user_code]')).toBe(userCode);
  await submit();
  await on('Is this your device?');
  await submit();
  await password('dan');
  await on('Allow access?');
  await submit();
  await on('Your device is connected');
  const answer = await fetch(`${latchkey.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'tv',
      device_code: deviceCode,
    }),
  });
  const { id_token: idToken = '' } = (await answer.json()) as Record<string, string>;
  expect(decodeJwt(idToken)).toMatchObject({ aud: 'tv' });
});

test('no page on the way has a fault that axe finds', () => {
  expect(failedAxe).toEqual([]);
});
