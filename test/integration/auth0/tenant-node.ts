import { createHash, randomBytes } from 'node:crypto';
import { csrfIn, openAccountNode, PASSWORD, type AccountNode } from '../../support/account-node.ts';
import { freePort } from '../../support/ports.ts';
import { createBrowser, type Browser } from '../../support/provider-browser.ts';

/** An API whose tokens are as Auth0's are. */
export const API = 'https://api.example.com';
/** One whose tokens are as RFC 9068 has them, with the permissions of the person. */
export const STANDARD_API = 'https://standard.example.com';
export const SPA = 'spa-client';
export const WEB = 'web-client';
export const MACHINE = 'machine-client';
export const SECRET = 'a-secret-of-the-tests-and-of-nothing-else-0001';
export const CALLBACK = 'http://localhost:3000/callback';
export const HOME = 'http://localhost:3000';

/** A node with a tenant. */
export interface TenantNode extends AccountNode {
  /** Of the tenant, without the slash. */
  readonly tenant: string;
  browser(): Browser;
  /** To where the application is redirected: signs in on the way, if it is asked to. */
  authorize(parameters: Readonly<Record<string, string>>, options?: SignIn): Promise<URL>;
  token(parameters: Readonly<Record<string, string>>, options?: TokenOptions): Promise<Answer>;
  /** What an application gets for somebody who signs in at once. */
  signIn(parameters?: Readonly<Record<string, string>>, options?: SignIn): Promise<Answer>;
}

interface SignIn {
  readonly browser?: Browser;
  readonly login?: string;
  readonly password?: string;
}

interface TokenOptions {
  readonly as?: 'form' | 'json';
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** `tenant` over the settings of the tenant; `origin`: that of another node, beside which this one stands. */
export async function openTenantNode(
  tenant: object = {},
  settings: object = {},
  origin?: string,
): Promise<TenantNode> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const node = await openAccountNode({
    apis: [
      {
        identifier: API,
        name: 'Messages',
        scopes: { 'read:messages': 'Read', 'write:messages': 'Write' },
      },
      {
        identifier: STANDARD_API,
        name: 'Standard',
        scopes: { 'read:all': 'Read', 'write:all': 'Write' },
        enforcePermissions: true,
      },
    ],
    roles: [{ name: 'reader', api: STANDARD_API, permissions: ['read:all'], people: ['ann'] }],
    ...settings,
    auth0: {
      tenants: [
        {
          name: 'test',
          issuer: `${origin ?? url}/`,
          listen: { host: '127.0.0.1', port },
          hosts: [`127.0.0.1:${port}`, `localhost:${port}`],
          apis: [
            { identifier: API },
            { identifier: STANDARD_API, tokenDialect: 'rfc9068_profile_authz' },
          ],
          clients: [
            {
              clientId: SPA,
              appType: 'spa',
              callbacks: [CALLBACK, HOME],
              allowedLogoutUrls: [HOME],
              webOrigins: ['http://localhost:3000'],
            },
            {
              clientId: WEB,
              clientSecretInClear: SECRET,
              callbacks: [CALLBACK],
              allowedLogoutUrls: [HOME],
            },
            {
              clientId: MACHINE,
              appType: 'non_interactive',
              clientSecretInClear: SECRET,
              audiences: [API],
            },
          ],
          ...tenant,
        },
      ],
    },
  });

  async function authorize(
    parameters: Readonly<Record<string, string>>,
    { browser = createBrowser(url), login = 'ann', password = PASSWORD }: SignIn = {},
  ): Promise<URL> {
    const query = new URLSearchParams(parameters);
    const first = await browser.visit(`${url}/authorize?${query.toString()}`);
    if (first.response === undefined) return first.url;
    const html = await first.response.text();
    if (!html.includes('name="password"'))
      throw new Error(`no sign-in page: ${first.response.status} ${html}`);
    const body = new URLSearchParams({
      csrf: csrfIn(html),
      login,
      password,
      action: 'continue',
    });
    const last = await browser.visit(first.url.href, { method: 'POST', body });
    if (last.response !== undefined) throw new Error(await last.response.text());
    return last.url;
  }

  async function token(
    parameters: Readonly<Record<string, string>>,
    { as = 'form', headers = {} }: TokenOptions = {},
  ): Promise<Answer> {
    const isJson = as === 'json';
    const response = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      headers: {
        'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded',
        ...headers,
      },
      body: isJson ? JSON.stringify(parameters) : new URLSearchParams(parameters),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  return {
    ...node,
    tenant: url,
    browser: () => createBrowser(url),
    authorize,
    token,
    async signIn(parameters = {}, options = {}) {
      const verifier = randomBytes(32).toString('base64url');
      const to = await authorize(
        {
          client_id: SPA,
          response_type: 'code',
          response_mode: 'query',
          redirect_uri: CALLBACK,
          scope: 'openid profile email offline_access',
          state: 'state',
          nonce: 'nonce',
          code_challenge: createHash('sha256').update(verifier).digest('base64url'),
          code_challenge_method: 'S256',
          auth0Client: 'eyJuYW1lIjoiYXV0aDAtc3BhLWpzIn0=',
          ...parameters,
        },
        options,
      );
      return await token({
        grant_type: 'authorization_code',
        client_id: SPA,
        redirect_uri: CALLBACK,
        code: to.searchParams.get('code') ?? `none: ${to.href}`,
        code_verifier: verifier,
      });
    },
  };
}
