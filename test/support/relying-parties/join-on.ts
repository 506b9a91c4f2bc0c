import type { Page } from 'playwright-core';

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
  const deadline = AbortSignal.timeout(5000);
  for (;;) {
    const answer = await fetch(`${issuer}/dev/inbox.json?to=${email}`, { signal: deadline });
    const letters = (await answer.json()) as readonly { readonly codes: readonly string[] }[];
    const [code] = letters.flatMap(({ codes }) => codes);
    if (code !== undefined) return code;
  }
}
