import type { Page } from 'playwright-core';
import { expect, vi } from 'vitest';

const PRIMARY = 'button[name=action][value=continue]';

/**
 * Makes an account on the pages that `page` is about to show. `issuer`: of the installation, whose inbox has the letter
 * with the code.
 */
export async function joinOn(
  page: Page,
  { issuer, email, password }: { issuer: string; email: string; password: string },
): Promise<void> {
  await page.fill('[name=email]', email);
  await page.click(PRIMARY);
  await page.waitForSelector('[name=code]');
  await page.fill('[name=code]', await codeFor(email, issuer));
  await page.click(PRIMARY);
  await page.fill('[name=password]', password);
  await page.click(PRIMARY);
}

/** The code of the first letter, or text message, to `address` that has one. */
export async function codeFor(address: string, issuer: string): Promise<string> {
  return await vi.waitFor(async () => {
    const to = encodeURIComponent(address);
    const answer = await fetch(`${issuer}/dev/inbox.json?to=${to}`);
    const letters = (await answer.json()) as readonly { readonly codes: readonly string[] }[];
    const [code] = letters.flatMap(({ codes }) => codes);
    return code ?? expect.fail(`no code for ${address}`);
  }, 60_000);
}
