import type { UserManager } from 'oidc-client-ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { startSpa, type Spa } from '../support/relying-parties/spa.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';

declare const manager: UserManager;

let browser: Browser;
let latchkey: Latchkey;
let spa: Spa;
let complaints: string[];

beforeAll(async () => {
  browser = await launchBrowser();
  latchkey = await startLatchkey({
    settings: {
      clients: [
        {
          id: 'spa',
          name: 'Browser app',
          type: 'spa',
          // As the sample client has it: the app runs on another port.
          redirectUris: ['http://localhost:3000/callback'],
          postLogoutRedirectUris: ['http://localhost:3000/'],
        },
        {
          id: 'hasty',
          name: 'Hasty app',
          type: 'spa',
          redirectUris: ['http://localhost:3000/callback'],
          // A renewal a second after it came, and time for it on a busy machine.
          accessTokenTtl: '30s',
        },
      ],
    },
  });
  spa = await startSpa({ issuer: latchkey.issuer, clientId: 'spa' });
});

afterAll(async () => {
  await browser?.close();
  await spa?.close();
  await latchkey?.stop();
  await latchkey?.clean();
});

/** The app in a browser of its own, with somebody signed in. */
async function withUser(act: (page: Page) => Promise<void>, app = spa): Promise<void> {
  const context = await browser.newContext();
  complaints = [];
  try {
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(app.url);
    // Consent is remembered: asked for each time, every test sees the same pages.
    await page.evaluate(() => void manager.signinRedirect({ prompt: 'consent' }));
    await signInOn(page);
    await page.waitForURL(`${app.url}/signed-in`);
    await act(page);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}

interface Held {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sub: string;
  readonly email: string;
  readonly name: string;
}

/** What the app holds. */
function held(page: Page): Promise<Held | undefined> {
  return page.evaluate(async () => {
    const user = await manager.getUser();
    return user
      ? {
          accessToken: user.access_token,
          refreshToken: user.refresh_token ?? '',
          sub: user.profile.sub,
          email: user.profile.email ?? '',
          name: user.profile.name ?? '',
        }
      : undefined;
  });
}

/** The status that the app's own script sees, or what keeps it from seeing one. */
function userinfoStatus(page: Page, token: string): Promise<number | string> {
  return page.evaluate(
    async ([issuer, bearer]) =>
      fetch(`${issuer}/userinfo`, { headers: { Authorization: `Bearer ${bearer}` } }).then(
        ({ status }) => status,
        String,
      ),
    [latchkey.issuer, token],
  );
}

describe('a browser app on another loopback port than it registered', () => {
  test('signs a person in by code and PKCE, across origins', async () => {
    await withUser(async (page) => {
      expect(await held(page)).toMatchObject({
        sub: expect.any(String),
        email: 'alice@example.com',
        name: 'Alice Example',
      });
    });
  });

  test('renews in silence by its refresh token, which is another one each time', async () => {
    await withUser(async (page) => {
      const first = await held(page);
      await page.evaluate(() => manager.signinSilent());
      const second = await held(page);
      expect(second?.sub).toBe(first?.sub);
      expect(second?.accessToken).not.toBe(first?.accessToken);
      expect(second?.refreshToken).not.toBe(first?.refreshToken);
      expect(await userinfoStatus(page, second?.accessToken ?? '')).toBe(200);
    });
  });

  test('takes its tokens back, and reads across origins that they are refused', async () => {
    await withUser(async (page) => {
      const { accessToken = '' } = (await held(page)) ?? {};
      expect(await userinfoStatus(page, accessToken)).toBe(200);
      await page.evaluate(() => manager.revokeTokens());
      expect(await userinfoStatus(page, accessToken)).toBe(401);
    });
  });

  test('signs out, and the next sign-in asks for the password', async () => {
    await withUser(async (page) => {
      await page.evaluate(() => void manager.signoutRedirect());
      await page.click('button[name=action][value=continue]');
      await page.waitForURL(`${spa.url}/`);
      expect(await held(page)).toBeUndefined();
      await page.evaluate(() => void manager.signinRedirect());
      await page.waitForSelector('[name=password]');
    });
  });

  test('signs a person in through a pop-up window', async () => {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(spa.url);
      const opened = page.waitForEvent('popup');
      const signedIn = page.evaluate(
        async () => (await manager.signinPopup({ prompt: 'consent' })).profile.email,
      );
      await signInOn(await opened);
      expect(await signedIn).toBe('alice@example.com');
    } finally {
      await context.close();
    }
  });
});

test('an app whose tokens soon expire renews by itself before they do', async () => {
  const hasty = await startSpa({
    issuer: latchkey.issuer,
    clientId: 'hasty',
    settings: { automaticSilentRenew: true, accessTokenExpiringNotificationTimeInSeconds: 29 },
  });
  try {
    await withUser(async (page) => {
      const first = await held(page);
      await expect.poll(async () => (await held(page))?.accessToken).not.toBe(first?.accessToken);
      expect((await held(page))?.sub).toBe(first?.sub);
    }, hasty);
  } finally {
    await hasty.close();
  }
});

test('a page of another origin cannot read what the token endpoint answers', async () => {
  const stranger = await startSpa({
    issuer: latchkey.issuer,
    clientId: 'spa',
    host: 'stranger.localhost',
  });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(stranger.url);
    const answers = await page.evaluate(async (issuer) => {
      const ask = (path: string, init?: RequestInit): Promise<number | string> =>
        fetch(issuer + path, init).then(({ status }) => status, String);
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'x',
        client_id: 'spa',
      });
      return {
        discovery: await ask('/.well-known/openid-configuration'),
        keySet: await ask('/.well-known/jwks.json'),
        token: await ask('/token', { method: 'POST', body }),
      };
    }, latchkey.issuer);
    expect(answers).toEqual({
      discovery: 200,
      keySet: 200,
      token: 'TypeError: Failed to fetch',
    });
  } finally {
    await context.close();
    await stranger.close();
  }
});
