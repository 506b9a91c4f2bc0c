import * as oidc from 'openid-client';
import type { NewClient } from '../../src/clients/clients.ts';
import type { Browser, Visit } from './provider-browser.ts';
import type { House } from './provider-house.ts';

/** Where every client of these tests is redirected to. */
export const CALLBACK = 'https://app.example.com/callback';

/** A web client with a secret, a refresh token, and no PKCE of its own accord. */
export function webClient(more: Partial<NewClient['metadata']> = {}): NewClient {
  return {
    metadata: {
      client_name: 'The web app',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      post_logout_redirect_uris: ['https://app.example.com/bye'],
      ...definedOnly(more),
    },
  };
}

function definedOnly(metadata: object): NewClient['metadata'] {
  return JSON.parse(JSON.stringify(metadata));
}

/** A relying party that uses openid-client. */
export interface RelyingParty {
  readonly configuration: oidc.Configuration;
  readonly id: string;
  readonly secret: string;
  /** From the authorization request to the tokens, with whoever sits at the browser. */
  signIn(
    browser: Browser,
    parameters?: Record<string, string>,
  ): Promise<oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers>;
  /** To the redirect only. */
  authorize(browser: Browser, parameters?: Record<string, string>): Promise<Authorized>;
  /** The token request for a code, without any checks of the library. */
  redeem(authorized: Authorized, at?: string, more?: Record<string, string>): Promise<Response>;
  refresh(refreshToken: string, at?: string, more?: Record<string, string>): Promise<Response>;
  post(path: string, form: Record<string, string>, at?: string): Promise<Response>;
}

export interface Authorized extends Visit {
  readonly code: string;
  readonly verifier: string;
  readonly nonce: string;
}

/** Registers `client` with the house and discovers the provider. */
export async function createRelyingParty(
  house: House,
  client: NewClient = webClient(),
): Promise<RelyingParty> {
  const { id, secret } = await house.client(client);
  const configuration = await oidc.discovery(
    new URL(house.issuer),
    id,
    secret === '' ? {} : { client_secret: secret },
    secret === '' ? oidc.None() : oidc.ClientSecretBasic(secret),
    { execute: [oidc.allowInsecureRequests] },
  );

  const post = (path: string, form: Record<string, string>, at = house.issuer): Promise<Response> =>
    fetch(`${at}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(secret === '' ? {} : { authorization: basic(id, secret) }),
      },
      body: new URLSearchParams(secret === '' ? { ...form, client_id: id } : form),
    });

  async function authorize(
    browser: Browser,
    parameters: Record<string, string> = {},
  ): Promise<Authorized> {
    const verifier = oidc.randomPKCECodeVerifier();
    const nonce = oidc.randomNonce();
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: CALLBACK,
      scope: 'openid profile email offline_access',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      nonce,
      state: 'state-1',
      ...parameters,
    });
    const visit = await browser.visit(url.href);
    return { ...visit, verifier, nonce, code: visit.url.searchParams.get('code') ?? '' };
  }

  return {
    configuration,
    id,
    secret,
    authorize,
    post,
    async signIn(browser, parameters) {
      const { url, verifier, nonce } = await authorize(browser, parameters);
      return oidc.authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: verifier,
        expectedNonce: nonce,
        expectedState: 'state-1',
      });
    },
    redeem: ({ code, verifier }, at, more = {}) =>
      post(
        '/token',
        {
          grant_type: 'authorization_code',
          code,
          code_verifier: verifier,
          redirect_uri: CALLBACK,
          ...more,
        },
        at,
      ),
    refresh: (refreshToken, at, more = {}) =>
      post('/token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...more }, at),
  };
}

export function basic(id: string, secret: string): string {
  const encoded = [id, secret].map(encodeURIComponent).join(':');
  return `Basic ${Buffer.from(encoded).toString('base64')}`;
}
