import type { Page } from 'playwright-core';
import { ALICE, type Person } from './user-agent.ts';

const PRIMARY = 'button[name=action][value=continue]';

/**
 * Signs in on the page that `page` is about to show. `consent`: then allows what is asked; without it the
 * sign-in leads straight back to the app, which may close its window at once.
 */
export async function signInOn(
  page: Page,
  { person = ALICE, consent = true }: { person?: Person; consent?: boolean } = {},
): Promise<void> {
  await page.fill('[name=login]', person.login);
  await page.fill('[name=password]', person.password);
  await page.click(PRIMARY);
  if (!consent) return;
  await page.waitForSelector('.asked');
  await page.click(PRIMARY);
}
