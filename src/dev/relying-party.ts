import type * as client from 'openid-client';
import { onDemand } from '../runtime/on-demand.ts';
import type { PendingSignIn, TryTokens } from './try-session.ts';

/** For whoever opens the try page: no start waits for it. */
const library = onDemand(() => import('openid-client'));

/** What the app may ask for at sign-in. */
export interface SignInWish {
  readonly scope: string;
  /** The API the access token is for; empty: none, then it is for userinfo. */
  readonly resource: string;
  readonly prompt: string;
}

/** The try app as a relying party: the documented way to use `openid-client`, and no more. */
export interface RelyingParty {
  begin(wish: SignInWish): Promise<{ readonly url: URL; readonly pending: PendingSignIn }>;
  complete(callback: URL, pending: PendingSignIn): Promise<TryTokens>;
  userinfo(tokens: TryTokens): Promise<object>;
  refresh(tokens: TryTokens): Promise<TryTokens>;
  revoke(token: string): Promise<void>;
  signOutUrl(tokens: TryTokens): Promise<URL>;
  readonly endpoints: () => Promise<client.ServerMetadata>;
}

export interface RelyingPartyOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
}

/** Discovers the issuer at first use, so that the host may come up after it. */
export function createRelyingParty(options: RelyingPartyOptions): RelyingParty {
  let discovered: Promise<Discovered> | undefined;
  const discover = async (): Promise<Discovered> => {
    discovered ??= discoverIssuer(options);
    // A failed discovery must not be remembered: the next click tries again.
    return discovered.catch((error: unknown) => {
      discovered = undefined;
      throw error;
    });
  };

  return {
    begin: async (wish) => beginSignIn(await discover(), options.redirectUri, wish),
    async complete(callback, pending) {
      const { client, configuration } = await discover();
      const answer = await client.authorizationCodeGrant(configuration, callback, {
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        pkceCodeVerifier: pending.codeVerifier,
        idTokenExpected: true,
      });
      return tokensOf(answer, answer.claims()?.sub ?? '');
    },
    async userinfo(tokens) {
      const { client, configuration } = await discover();
      return client.fetchUserInfo(configuration, tokens.accessToken, tokens.sub);
    },
    async refresh(tokens) {
      const { client, configuration } = await discover();
      const answer = await client.refreshTokenGrant(configuration, tokens.refreshToken ?? '');
      return { ...tokens, ...definedOnly(tokensOf(answer, tokens.sub)) };
    },
    async revoke(token) {
      const { client, configuration } = await discover();
      await client.tokenRevocation(configuration, token);
    },
    async signOutUrl(tokens) {
      const { client, configuration } = await discover();
      return client.buildEndSessionUrl(configuration, {
        id_token_hint: tokens.idToken,
        post_logout_redirect_uri: options.postLogoutRedirectUri,
      });
    },
    endpoints: async () => (await discover()).configuration.serverMetadata(),
  };
}

interface Discovered {
  readonly client: typeof client;
  readonly configuration: client.Configuration;
}

async function discoverIssuer({ issuer, clientId }: RelyingPartyOptions): Promise<Discovered> {
  const client = await library();
  const configuration = await client.discovery(
    new URL(issuer),
    clientId,
    undefined,
    client.None(),
    {
      execute: [client.allowInsecureRequests],
    },
  );
  return { client, configuration };
}

async function beginSignIn(
  { client, configuration }: Discovered,
  redirectUri: string,
  { scope, resource, prompt }: SignInWish,
): ReturnType<RelyingParty['begin']> {
  const pending = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    codeVerifier: client.randomPKCECodeVerifier(),
  };
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(pending.codeVerifier),
    code_challenge_method: 'S256',
    ...(resource !== '' && { resource }),
    ...(prompt !== '' && { prompt }),
  });
  return { url, pending };
}

function tokensOf(answer: client.TokenEndpointResponse, sub: string): TryTokens {
  return {
    sub,
    idToken: answer.id_token ?? '',
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
  };
}

/** A refresh may leave out what stays as it was (RFC 6749 section 6, OpenID Connect Core section 12.2). */
function definedOnly(tokens: TryTokens): Partial<TryTokens> {
  return Object.fromEntries(
    Object.entries(tokens).filter(([, value]) => value !== undefined && value !== ''),
  );
}

/** What went wrong, in the words of the protocol; anything else is thrown on. */
export async function problemOf(
  error: unknown,
): Promise<{ readonly code: string; readonly answer: string }> {
  const client = await library();
  if (
    error instanceof client.AuthorizationResponseError ||
    error instanceof client.ResponseBodyError
  ) {
    const { error: code, error_description: description = '' } = error;
    return { code, answer: `${code}\n${description}`.trim() };
  }
  if (error instanceof client.WWWAuthenticateChallengeError) {
    const { parameters } = error.cause[0] ?? {};
    const code = parameters?.error ?? 'unauthorized';
    return { code, answer: `401\n${code}\n${parameters?.error_description ?? ''}`.trim() };
  }
  throw error;
}
