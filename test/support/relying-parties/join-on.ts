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

/** The code of the first letter to `email` that has one. */
export async function codeFor(email: string, issuer: string): Promise<string> {
  return await vi.waitFor(async () => {
    const answer = await fetch(`${issuer}/dev/inbox.json?to=${email}`);
    const letters = (await answer.json()) as readonly { readonly codes: readonly string[] }[];
    const [code] = letters.flatMap(({ codes }) => codes);
    return code ?? expect.fail(`no code for ${email}`);
  }, 60_000);
}
