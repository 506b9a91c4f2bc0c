import type { Page } from 'playwright-core';
import { signInOn } from './sign-in-on.ts';

/** What of auth0-spa-js tests call. */
export interface SpaClient {
  loginWithRedirect(options?: object): Promise<void>;
  loginWithPopup(options?: object): Promise<void>;
  handleRedirectCallback(): Promise<object>;
  getTokenSilently(options?: object): Promise<string>;
  getUser(): Promise<{ readonly sub: string; readonly email: string } | undefined>;
  logout(options: object): Promise<void>;
}

/** Drives a page that has auth0-spa-js as its `auth0`. */
export interface Auth0Spa {
  /** Calls a client that is made for this call: what pages keep is in their storage. `act` runs in the page. */
  within<Result>(
    page: Page,
    options: object,
    act: (client: SpaClient) => Promise<Result>,
  ): Promise<Result>;
  /** Comes to the page of the tenant where somebody signs in, or joins. */
  begin(page: Page, options: object, login: object): Promise<void>;
  signIn(page: Page, options?: object): Promise<void>;
}

export function createAuth0Spa(app: {
  readonly url: string;
  readonly tenant: string;
  readonly audience: string;
}): Auth0Spa {
  const { url, tenant: domain, audience } = app;
  const scope = 'openid profile email read:messages';
  const standard = {
    domain,
    clientId: 'spa',
    authorizationParams: { redirect_uri: url, audience, scope },
  };

  const within: Auth0Spa['within'] = async (page, options, act) =>
    await page.evaluate(`(async () => {
      const client = await auth0.createAuth0Client(${JSON.stringify({ ...standard, ...options })});
      return await (${act.toString()})(client);
    })()`);

  async function begin(page: Page, options: object, login: object): Promise<void> {
    await page.goto(url);
    await page.evaluate(`(async () => {
      const client = await auth0.createAuth0Client(${JSON.stringify({ ...standard, ...options })});
      void client.loginWithRedirect(${JSON.stringify(login)});
    })()`);
  }

  return {
    within,
    begin,
    async signIn(page, options = {}) {
      await begin(page, options, {});
      await signInOn(page, { consent: false });
      await page.waitForURL(/\?code=/u);
    },
  };
}
