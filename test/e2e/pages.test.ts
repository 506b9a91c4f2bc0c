import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PasswordOutcome } from '../../src/accounts/accounts.ts';
import type { Interaction } from '../../src/provider/contract.ts';
import { axeFindings } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import {
  ALICE,
  BOOKING,
  createPagesWorld,
  openPagesHost,
  PLAIN_CLIENT,
  PLAIN_INTERACTION,
  type PagesHost,
  type PagesWorld,
} from '../support/pages-host.ts';

const CLIENT = {
  ...PLAIN_CLIENT,
  name: 'Donaudampfschifffahrtsgesellschaftskapitänsverwaltung',
  uri: 'https://app.example',
  policyUri: 'https://app.example/privacy',
  tosUri: 'https://app.example/terms',
};
const LOGIN: Interaction = { ...PLAIN_INTERACTION, client: CLIENT };
const CONSENT: Interaction = {
  ...LOGIN,
  prompt: 'consent',
  accountId: ALICE.id,
  consent: {
    scopes: [
      'openid',
      'profile',
      'email',
      'offline_access',
      'urn:example:a-scope-that-nobody-described',
    ],
    claims: ['birthdate', 'cost_centre'],
    ...BOOKING,
  },
};
const PAGE = '/interaction/uid-1';

let browser: Browser;
let app: Server;
let appUrl: string;
let world: PagesWorld;
let host: PagesHost;

beforeAll(async () => {
  browser = await launchBrowser();
  // A relying party on another origin, where sign-ins end.
  app = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>app</title><h1>Back at the app</h1>');
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  appUrl = `http://localhost:${(app.address() as AddressInfo).port}/callback`;
});
afterAll(async () => {
  await browser.close();
  app.closeAllConnections();
  app.close();
});
beforeEach(async () => {
  world = createPagesWorld();
  world.interaction = LOGIN;
  world.endsAt = appUrl;
  host = await openPagesHost(world, { client: CLIENT });
});
afterEach(() => host.close());

/** A page of a fresh browser context; whatever the console complains of fails the test. */
async function visit<T>(
  options: BrowserContextOptions,
  path: string,
  act: (page: Page) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  const complaints: string[] = [];
  try {
    const page = await context.newPage();
    page.on('console', (message) => {
      // A page with a status of its own, 401 say, is told as a resource that failed to load.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(host.issuer + path);
    const result = await act(page);
    expect(complaints).toEqual([]);
    return result;
  } finally {
    await context.close();
  }
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.fill('[name=login]', 'alice@example.com');
  await page.fill('[name=password]', password);
  await page.click('button[name=action]');
}

const PHONE = { viewport: { width: 320, height: 568 } };
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Every page, with what the world must be like for it and what a person does first. */
const STATES: readonly {
  readonly name: string;
  readonly interaction?: Interaction | undefined;
  readonly path?: string;
  readonly password?: PasswordOutcome;
}[] = [
  { name: 'sign-in', interaction: LOGIN },
  {
    name: 'sign-in asked again',
    interaction: { ...LOGIN, accountId: ALICE.id, reasons: ['max_age'] },
  },
  { name: 'sign-in refused', interaction: LOGIN, password: { kind: 'refused' } },
  {
    name: 'sign-in throttled',
    interaction: LOGIN,
    password: { kind: 'throttled', retryAfterSeconds: 40 },
  },
  { name: 'sign-in busy', interaction: LOGIN, password: { kind: 'busy', retryAfterSeconds: 2 } },
  { name: 'sign-in as someone else', interaction: CONSENT, path: `${PAGE}/sign-in` },
  { name: 'consent', interaction: CONSENT },
  {
    name: 'choice of an account',
    interaction: { ...LOGIN, prompt: 'select_account', accountId: ALICE.id },
  },
  { name: 'expired', interaction: undefined },
  { name: 'problem', path: '/_problem' },
  { name: 'sign-out', path: '/_sign-out' },
  { name: 'signed out', path: '/_signed-out' },
  { name: 'not found', path: '/nowhere' },
];

describe.each(STATES)('$name', ({ interaction, path = PAGE, password }) => {
  const open = (
    options: BrowserContextOptions,
    act: (page: Page) => Promise<void>,
  ): Promise<void> => {
    world.interaction = interaction;
    return visit(options, path, async (page) => {
      if (password) {
        world.password = () => password;
        await signIn(page, 'whatever');
        await page.waitForSelector('[role=alert]');
      }
      await act(page);
    });
  };

  test('is accessible in light and dark, and on a phone (axe finds nothing)', async () => {
    await open({}, async (page) => {
      expect(await axeFindings(page, { tags: TAGS })).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await axeFindings(page, { rules: ['color-contrast'] })).toEqual([]);
      await page.setViewportSize(PHONE.viewport);
      expect(await axeFindings(page, { rules: ['target-size'] })).toEqual([]);
    });
  });

  test('fits into 320 px in every language, also with text of twice the size', async () => {
    await open(PHONE, async (page) => {
      for (const language of host.views.languages) {
        expect(await widths(page, language)).toEqual([language, 320, 320]);
      }
    });
  });

  /** The language, and the widths at text of once and twice the size: of the page asked for in that language, in the place of what is shown. */
  async function widths(page: Page, language: string): Promise<readonly unknown[]> {
    const headers = { Accept: 'text/html', 'Accept-Language': language };
    const answer = password
      ? await page.request.post(page.url(), { headers, form: await filledIn(page) })
      : await page.request.get(page.url(), { headers });
    const html = await answer.text();
    expect(html.includes('role="alert"')).toBe(password !== undefined);
    return page.evaluate<readonly unknown[]>(
      `const shown = document.documentElement;
      const other = new DOMParser().parseFromString(${JSON.stringify(html)}, 'text/html');
      shown.lang = other.documentElement.lang;
      document.body.innerHTML = other.body.innerHTML;
      [shown.lang, ...['100%', '200%'].map((size) => {
        shown.style.fontSize = size;
        return shown.scrollWidth;
      })]`,
    );
  }

  async function filledIn(page: Page): Promise<Record<string, string>> {
    const csrf = await page.inputValue('[name=csrf]');
    return { csrf, login: 'alice@example.com', password: 'whatever', action: 'continue' };
  }
});

test('a line of Japanese ends between two words', async () => {
  await visit({ ...PHONE, locale: 'ja-JP' }, '/nowhere', async (page) => {
    const broken = await page.evaluate<string>(
      "getComputedStyle(document.querySelector('h1')).wordBreak",
    );
    expect(broken).toBe('auto-phrase');
  });
});

describe('without JavaScript', () => {
  test('a person signs in and comes back to the app', async () => {
    await visit({ javaScriptEnabled: false }, PAGE, async (page) => {
      await signIn(page, 'right');
      await page.waitForURL(appUrl);
      expect(await page.textContent('h1')).toBe('Back at the app');
    });
  });
});

describe('with a keyboard alone', () => {
  test('the first field has the focus, Enter signs in, and every focus can be seen', async () => {
    await visit({}, PAGE, async (page) => {
      // Which a browser gives it when it has drawn the page: soon, not at once.
      await page.locator('[name=login]:focus').waitFor();
      await page.keyboard.type('alice@example.com');
      await page.keyboard.press('Tab');
      await page.keyboard.type('right');
      await page.keyboard.press('Enter');
      await page.waitForURL(appUrl);
    });
    expect(world.attempts).toEqual([{ login: 'alice@example.com', password: 'right' }]);
  });

  test('the order is that of the page, and cancel refuses', async () => {
    await visit({}, PAGE, async (page) => {
      const order: unknown[] = [];
      await page.locator('[name=login]:focus').waitFor();
      for (let step = 0; step < 6; step += 1) {
        order.push(
          await page.evaluate(
            'document.activeElement.id || document.activeElement.value || document.activeElement.textContent',
          ),
        );
        await page.keyboard.press('Tab');
      }
      expect(order).toEqual(['login', 'password', 'Show', 'remember', 'continue', 'cancel']);
      await page.focus('button[value=cancel]');
      await page.keyboard.press('Enter');
      await page.waitForURL(appUrl);
    });
    expect(world.outcomes).toEqual([{ kind: 'refused' }]);
  });
});

describe('with JavaScript', () => {
  test('a password can be looked at', async () => {
    await visit({}, PAGE, async (page) => {
      await page.fill('[name=password]', 'secret');
      await page.click('text=Show');
      expect(await page.getAttribute('[name=password]', 'type')).toBe('text');
      expect(await page.getAttribute('.secret button', 'aria-pressed')).toBe('true');
      await page.click('text=Hide');
      expect(await page.getAttribute('[name=password]', 'type')).toBe('password');
    });
  });

  test('a form is sent once, however often it is clicked', async () => {
    await visit({}, PAGE, async (page) => {
      await page.fill('[name=login]', 'alice');
      await page.fill('[name=password]', 'right');
      await page.dblclick('button[name=action]');
      await page.waitForURL(appUrl);
    });
    expect(world.attempts).toHaveLength(1);
  });
});

describe('the policy of the pages', () => {
  test('lets the redirect after consent lead to the app, which is on another origin', async () => {
    world.interaction = CONSENT;
    await visit({}, PAGE, async (page) => {
      await page.click('button[name=action]');
      await page.waitForURL(appUrl);
    });
  });

  test('keeps our pages out of the frames of others (clickjacking)', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(appUrl);
    const refused = page.waitForEvent('console', {
      predicate: (message) => /frame/i.test(message.text()),
    });
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('iframe'), { src: '${host.issuer}${PAGE}' }))`,
    );
    expect((await refused).text()).toMatch(/frame-ancestors|X-Frame-Options/);
    await context.close();
  });

  test('leaves an app that opened us in a pop-up window its tie to it', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(appUrl);
    const opened = page.waitForEvent('popup');
    await page.evaluate(`window.pop = window.open('${host.issuer}${PAGE}')`);
    const popup = await opened;
    await signIn(popup, 'right');
    await popup.waitForURL(appUrl);
    expect(await page.evaluate('window.pop.closed')).toBe(false);
    expect(await popup.evaluate('window.opener !== null')).toBe(true);
    await context.close();
  });
});

test('a theme shows in its colours', async () => {
  const themed = await openPagesHost(createPagesWorld(), {
    theme: { colours: { accent: '#00875a', accentDark: '#57d9a3' } },
  });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(themed.issuer + PAGE);
  const colour = (): Promise<unknown> =>
    page.evaluate("getComputedStyle(document.querySelector('.primary')).backgroundColor");
  expect(await colour()).toBe('rgb(0, 135, 90)');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(colour).toBe('rgb(87, 217, 163)');
  await context.close();
  await themed.close();
});
