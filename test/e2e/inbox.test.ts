import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createInboxPage } from '../../src/dev/inbox-page.ts';
import { openViews } from '../../src/http/views.ts';
import { createMail } from '../../src/mail/create-mail.ts';
import { createInbox } from '../../src/mail/inbox.ts';
import type { Mail } from '../../src/mail/mail.ts';
import type { TextQueue } from '../../src/mail/text-messages.ts';
import { createSealer } from '../../src/runtime/sealing.ts';
import { axeFindings } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { createEmbeddedPlace } from '../support/embedded-file.ts';
import { openHost, PLAIN_THEME, VIEWS_FOLDER } from '../support/pages-host.ts';
import { freePort } from '../support/ports.ts';

const PHONE: BrowserContextOptions = { viewport: { width: 320, height: 640 }, locale: 'en-GB' };

let browser: Browser;
let issuer: string;
let mail: Mail & TextQueue;
let closers: (() => Promise<void>)[];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  const place = await createEmbeddedPlace();
  const { records, state } = await place.open();
  await records.migrate();
  const { clock, logger } = place;
  const sealer = createSealer([new Uint8Array(32)]);
  const views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
  const queue = createMail({ records, state, sealer, clock, logger });
  const inbox = createInbox({ records, sealer, stationery: views, logger, isDev: true });
  const port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  const { renderer } = views;
  const routers = [createInboxPage({ issuer, renderer, inbox })];
  const host = await openHost({ issuer, port, views, routers });
  mail = queue;
  closers = [host.close, queue.close, place.close];
});
afterEach(async () => {
  for (const close of closers) await close();
});

function sendCode(): Promise<void> {
  return mail.send({
    to: 'ada@example.com',
    name: 'verify-email',
    data: { code: '481516', url: `${issuer}/dev/inbox?followed`, minutes: 30 },
    languages: ['en'],
  });
}

async function looksWell(page: Page): Promise<void> {
  expect(await axeFindings(page)).toEqual([]);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  expect(width).toBeLessThanOrEqual(320);
}

test('a developer reads a letter on a phone, follows its link, and empties the inbox', async () => {
  await sendCode();
  const context = await browser.newContext(PHONE);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${issuer}/dev/inbox`);
  expect(await page.textContent('.letters')).toContain('481516');
  await looksWell(page);

  await page.click('.letters a');
  await page.waitForURL(`${issuer}/dev/inbox/*`);
  await looksWell(page);
  expect(await page.textContent('.copied')).toBe('481516');
  expect(await page.textContent('.letter-text')).toContain('Your code: 481516');
  const letter = page.frameLocator('iframe');
  expect(await letter.locator('h1').textContent()).toBe('Confirm your e-mail address for Latchkey');
  const [popup] = await Promise.all([
    context.waitForEvent('page'),
    letter.getByRole('link', { name: 'Confirm address' }).click(),
  ]);
  await popup.waitForURL(`${issuer}/dev/inbox?followed`);

  await popup.click('button');
  await popup.waitForURL(`${issuer}/dev/inbox`);
  expect(await popup.textContent('main')).toContain('No message yet.');
  await looksWell(popup);
  expect(complaints).toEqual([]);
  await context.close();
});

test('a test reads letters as JSON, of one address or all, and empties the inbox', async () => {
  await sendCode();
  await mail.send({ to: 'bob@example.com', name: 'test', data: { at: 1 }, languages: [] });
  const read = async (query = ''): Promise<object[]> =>
    (await fetch(`${issuer}/dev/inbox.json${query}`)).json() as Promise<object[]>;
  expect(await read('?to=ada@example.com')).toEqual([
    {
      id: expect.any(String),
      to: 'ada@example.com',
      name: 'verify-email',
      subject: 'Confirm your e-mail address for Latchkey',
      text: expect.stringContaining('481516'),
      html: expect.stringContaining('<h1'),
      links: [`${issuer}/dev/inbox?followed`],
      codes: ['481516'],
      at: 1_800_000_000,
    },
  ]);
  const foreign = { method: 'DELETE', headers: { origin: 'https://evil.example' } };
  expect((await fetch(`${issuer}/dev/inbox`, foreign)).status).toBe(403);
  expect(await read()).toHaveLength(2);
  expect((await fetch(`${issuer}/dev/inbox`, { method: 'DELETE' })).status).toBe(204);
  expect(await read()).toEqual([]);
});

test('outside of the dev profile there is no inbox', () => {
  expect(() => createInbox({ isDev: false } as never)).toThrow(TypeError);
});

test('a text message lies among the letters, and has no HTML to show', async () => {
  const text = 'Your code is 481516.';
  await mail.sendText({ to: '+15551234567', text, code: '481516', minutes: 10 });
  const told = await fetch(`${issuer}/dev/inbox.json?to=%2B15551234567`);
  expect(await told.json()).toMatchObject([
    { to: '+15551234567', text, name: 'text-message', codes: ['481516'], links: [] },
  ]);
  const context = await browser.newContext(PHONE);
  const page = await context.newPage();
  await page.goto(`${issuer}/dev/inbox`);
  await page.click('.letters a');
  await looksWell(page);
  expect(await page.textContent('.letter-text')).toBe(text);
  expect(await page.locator('iframe').count()).toBe(0);
  await context.close();
});
