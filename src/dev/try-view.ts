import {
  createTokenVerifier,
  explainToken,
  type ExplainedToken,
  type TokenVerifier,
  type Verification,
} from './explain-token.ts';
import type { TryCall, TrySession } from './try-session.ts';

/** One token on the page. */
export interface ShownToken {
  readonly kind: 'id' | 'access' | 'refresh';
  readonly token: ExplainedToken;
  /** False for what is not a JWT. */
  readonly verification: Verification | false;
}

/** All that the try page shows. */
export interface TryPage {
  readonly issuer: string;
  readonly clientId: string;
  /** APIs that the access token can be asked for. */
  readonly apis: readonly { readonly identifier: string; readonly name: string }[];
  readonly xsrf: string;
  readonly isSignedIn: boolean;
  /** OAuth error code that the last sign-in came back with; empty: none. */
  readonly problem: string;
  readonly tokens: readonly ShownToken[];
  readonly canRefresh: boolean;
  readonly calls: readonly TryCall[];
}

/** Makes the page of a session: its tokens taken apart, and verified as an API would. */
export function createTryView(options: {
  readonly issuer: string;
  readonly clientId: string;
  readonly apis: TryPage['apis'];
  readonly jwksUri: () => Promise<string>;
}): (session: TrySession, problem: string) => Promise<TryPage> {
  const { issuer, clientId, apis, jwksUri } = options;
  let verifier: TokenVerifier | undefined;

  async function verify(kind: ShownToken['kind'], text: string): Promise<Verification> {
    verifier ??= createTokenVerifier(issuer, await jwksUri());
    // An ID token is for the client; an access token for userinfo or an API, which it names itself.
    return verifier(text, kind === 'id' ? [clientId] : undefined);
  }

  async function showToken(kind: ShownToken['kind'], text: string): Promise<ShownToken> {
    const token = explainToken(text);
    return { kind, token, verification: token.isJwt && (await verify(kind, text)) };
  }

  return async ({ tokens, calls, xsrf }, problem) => ({
    issuer,
    clientId,
    apis,
    xsrf,
    problem,
    calls,
    isSignedIn: tokens !== undefined,
    canRefresh: tokens?.refreshToken !== undefined,
    tokens: tokens
      ? await Promise.all([
          showToken('id', tokens.idToken),
          showToken('access', tokens.accessToken),
          ...(tokens.refreshToken === undefined ? [] : [showToken('refresh', tokens.refreshToken)]),
        ])
      : [],
  });
}
