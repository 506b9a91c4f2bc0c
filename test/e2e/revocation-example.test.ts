import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startExample, type Example } from '../../examples/microservices/start.ts';
import { launchBrowser } from '../support/browser.ts';
import { freePort } from '../support/ports.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';

const BOXES = 4;

let folder: string;
let example: Example;
let browser: Browser;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-example-'));
  const [issuerPort, appPort] = [await freePort(), await freePort()];
  [example, browser] = await Promise.all([
    startExample({ issuerPort, appPort, folder }),
    launchBrowser(),
  ]);
  page = await browser.newPage();
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('console', (said) => {
    if (said.type() === 'error' && /security policy/i.test(said.text())) problems.push(said.text());
  });
  await page.goto(example.url);
  await page.click('#sign-in');
  await signInOn(page, { consent: false });
});
afterAll(async () => {
  await browser?.close();
  await example?.close();
  await rm(folder, { recursive: true });
});

const inState = (state: string): Promise<void> =>
  expect.poll(() => page.locator(`[data-state=${state}]`).count()).toBe(BOXES);
const times = async (): Promise<readonly number[]> =>
  (await page.locator('.boxes output').allTextContents()).map((text) =>
    Number(/^refused after (?<ms>\d+) ms$/.exec(text)?.groups?.['ms'] ?? NaN),
  );

test('one token is refused by every box, with the milliseconds, and its successor accepted', async () => {
  await inState('accepted');
  await page.click('#revoke-token');
  await inState('refused');
  await expect.poll(async () => (await times()).some(Number.isNaN)).toBe(false);
  expect(await times()).toHaveLength(BOXES);
  await page.click('#refresh');
  await inState('accepted');
});

test('all of the app is refused by every box, and the person has to sign in again', async () => {
  await page.click('#revoke-grant');
  await inState('refused');
  await expect.poll(async () => (await times()).some(Number.isNaN)).toBe(false);
  await page.click('#refresh');
  await page.waitForSelector('text=sign in again');
  await page.waitForSelector('#sign-in:visible');
});

test('no script can read a token, and no other site can make a change', async () => {
  await page.goto(`${example.url}/sign-in`);
  await inState('accepted');
  for (const store of [
    'document.cookie',
    'Object.keys(localStorage)',
    'Object.keys(sessionStorage)',
  ])
    expect(await page.evaluate(store)).toHaveLength(0);
  const cookies = await page.context().cookies(example.url);
  const tokens = cookies.find(({ name }) => name === 'tokens');
  expect(tokens).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  const headers = { cookie: `tokens=${tokens?.value ?? ''}` };
  for (const more of [
    {},
    { origin: 'https://evil.example', 'x-requested-by': 'shop' },
    { origin: example.url },
  ]) {
    const answer = await fetch(`${example.url}/revoke/token`, {
      method: 'POST',
      headers: { ...headers, ...more },
    });
    expect(answer.status).toBe(403);
  }
  expect(problems).toEqual([]);
});
