import {
  createTokenVerifier,
  explainToken,
  type ExplainedToken,
  type TokenVerifier,
  type Verification,
} from './explain-token.ts';
import type { TokenKind, TryCall, TrySession } from './try-session.ts';

/** One token on the page. */
export interface ShownToken {
  readonly kind: TokenKind;
  readonly token: ExplainedToken;
  /** False for what is not a JWT. */
  readonly verification: Verification | false;
  readonly isTakenBack: boolean;
}

/** An API that the access token can be asked for, with all its scopes. */
export interface TryApi {
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

/** All that the try page shows. */
export interface TryPage {
  readonly issuer: string;
  readonly clientId: string;
  /** APIs that the access token can be asked for. */
  readonly apis: readonly TryApi[];
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

  async function verify(kind: TokenKind, text: string): Promise<Verification> {
    verifier ??= createTokenVerifier(issuer, await jwksUri());
    // An ID token is for the client; an access token for userinfo or an API, which it names itself.
    return verifier(text, kind === 'id' ? [clientId] : undefined);
  }

  async function showToken(
    kind: TokenKind,
    text: string,
    { takenBack }: TrySession,
  ): Promise<ShownToken> {
    const token = explainToken(text);
    const verification = token.isJwt && (await verify(kind, text));
    return { kind, token, verification, isTakenBack: takenBack.includes(kind) };
  }

  async function showAll(session: TrySession): Promise<readonly ShownToken[]> {
    const { tokens } = session;
    if (!tokens) return [];
    const { idToken, accessToken, refreshToken } = tokens;
    return Promise.all([
      showToken('id', idToken, session),
      showToken('access', accessToken, session),
      ...(refreshToken === undefined ? [] : [showToken('refresh', refreshToken, session)]),
    ]);
  }

  return async (session, problem) => ({
    issuer,
    clientId,
    apis,
    xsrf: session.xsrf,
    problem,
    calls: session.calls,
    isSignedIn: session.tokens !== undefined,
    canRefresh: session.tokens?.refreshToken !== undefined,
    tokens: await showAll(session),
  });
}
