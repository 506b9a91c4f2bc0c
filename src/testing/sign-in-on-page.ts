import { setTimeout as delay } from 'node:timers/promises';

/** As much of a page of Playwright as signing in needs. */
export interface SignInPage {
  fill(selector: string, value: string): Promise<unknown>;
  click(selector: string): Promise<unknown>;
  isVisible(selector: string): Promise<boolean>;
  url(): string;
}

const PRIMARY = 'button[name=action][value=continue]';
/** On the page that asks what a client may do. */
const ASKED = '.asked';
const WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 25;

/** Fills in the sign-in page that is open or about to be, and allows what the next one asks. */
export async function signInOnPage(
  page: SignInPage,
  {
    issuer,
    person,
  }: {
    readonly issuer: string;
    readonly person: { readonly login: string; readonly password: string };
  },
): Promise<void> {
  await page.fill('[name=login]', person.login);
  await page.fill('[name=password]', person.password);
  await page.click(PRIMARY);
  const untilMs = performance.now() + WITHIN_MS;
  const { origin } = new URL(issuer);
  while (URL.parse(page.url())?.origin === origin) {
    if (performance.now() > untilMs)
      throw new TypeError(`the sign-in of ${person.login} stopped at ${page.url()}`);
    if (await page.isVisible(ASKED).catch(() => false)) await page.click(PRIMARY);
    else await delay(LOOK_EVERY_MS);
  }
}
