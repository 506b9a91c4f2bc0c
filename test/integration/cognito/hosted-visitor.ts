import { createHash, randomBytes } from 'node:crypto';
import { csrfIn, PASSWORD } from '../../support/account-node.ts';
import { CALLBACK, CLIENT } from '../../support/cognito-node.ts';
import { createBrowser, type Browser } from '../../support/provider-browser.ts';

/** What an endpoint for programs answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, string>>;
}

/** Tokens as `/oauth2/token` gives them. */
export interface HostedTokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly token_type: string;
}

/** Somebody at the hosted pages, in a browser of their own. */
export interface HostedVisitor {
  readonly browser: Browser;
  /** To where the application is redirected, or the page that stands before that. */
  ask(parameters?: Readonly<Record<string, string>>, path?: string): ReturnType<Browser['visit']>;
  /** The same, signing in on the way. */
  authorize(
    parameters?: Readonly<Record<string, string>>,
    person?: { readonly login?: string; readonly password?: string },
  ): Promise<URL>;
  /** What an application gets for somebody who signs in, or is signed in. */
  signIn(parameters?: Readonly<Record<string, string>>, login?: string): Promise<HostedTokens>;
  redeem(code: string, fields?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** `send`: the way of their browser to the endpoint, if it is a special one. */
export function createHostedVisitor(endpoint: string, send?: typeof fetch): HostedVisitor {
  const browser = createBrowser(endpoint, send);
  const verifier = randomBytes(32).toString('base64url');

  const ask: HostedVisitor['ask'] = (parameters = {}, path = '/oauth2/authorize') => {
    const query = new URLSearchParams({
      client_id: CLIENT,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid profile email aws.cognito.signin.user.admin',
      state: 'state',
      nonce: 'nonce',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    });
    return browser.visit(`${endpoint}${path}?${query.toString()}`);
  };

  const authorize: HostedVisitor['authorize'] = async (
    parameters,
    { login = 'ann', password = PASSWORD } = {},
  ) => {
    const first = await ask(parameters);
    if (first.response === undefined) return first.url;
    const html = await first.response.text();
    const body = new URLSearchParams({ csrf: csrfIn(html), login, password, action: 'continue' });
    const last = await browser.visit(first.url.href, { method: 'POST', body });
    if (last.response !== undefined) throw new Error(await last.response.text());
    return last.url;
  };

  const redeem: HostedVisitor['redeem'] = (code, fields = {}) =>
    post(`${endpoint}/oauth2/token`, {
      grant_type: 'authorization_code',
      client_id: CLIENT,
      redirect_uri: CALLBACK,
      code,
      code_verifier: verifier,
      ...fields,
    });

  return {
    browser,
    ask,
    authorize,
    redeem,
    async signIn(parameters, login = 'ann') {
      const to = await authorize(parameters, { login });
      const answer = await redeem(to.searchParams.get('code') ?? `none: ${to.href}`);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      const tokens: HostedTokens = JSON.parse(JSON.stringify(answer.body));
      return tokens;
    },
  };
}

/** Posts a form as an application does. */
export async function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) });
  const body: Answer['body'] = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body };
}

/** Somebody at one hosted page that comes again until its form is right. */
export interface HostedForm {
  /** The page as it was seen last. */
  html(): string;
  /** Sends it filled in; gives where that leads. */
  type(fields: Readonly<Record<string, string>>): Promise<URL>;
  /** Opens it again. */
  look(): Promise<void>;
}

/** The page to which an application sends `visitor`. */
export async function openHostedForm({ ask, browser }: HostedVisitor): Promise<HostedForm> {
  const page = await ask();
  const url = page.url.href;
  let html = (await page.response?.text()) ?? '';
  async function visit(init?: RequestInit): Promise<URL> {
    const seen = await browser.visit(url, init);
    html = (await seen.response?.text()) ?? '';
    return seen.url;
  }
  return {
    html: () => html,
    type: (fields) => {
      const body = new URLSearchParams({ csrf: csrfIn(html), action: 'continue', ...fields });
      return visit({ method: 'POST', body });
    },
    look: async () => void (await visit()),
  };
}
