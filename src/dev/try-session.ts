import type { Clock } from '../runtime/clock.ts';
import { randomId } from '../runtime/random.ts';

/** One call the try page made on a person's behalf, as the page shows it. */
export interface TryCall {
  readonly title: string;
  readonly request: string;
  readonly ok: boolean;
  readonly answer: string;
}

/** What the app holds between the authorization request and its answer. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** What the app holds of a person that signed in. */
export interface TryTokens {
  readonly sub: string;
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
}

/** The tokens that an app gets. */
export type TokenKind = 'id' | 'access' | 'refresh';

/** One browser's visit of the try page. */
export interface TrySession {
  readonly id: string;
  readonly xsrf: string;
  pending: PendingSignIn | undefined;
  tokens: TryTokens | undefined;
  calls: readonly TryCall[];
  /** Which of the tokens were revoked at the page. */
  takenBack: readonly TokenKind[];
}

/** The try app's own sessions, by cookie. */
export interface TrySessions {
  find(id: string | undefined): TrySession | undefined;
  create(): TrySession;
}

const SESSIONS_MAX = 200;
const LIFE_SECONDS = 8 * 3600;

/** Sessions of a demonstration client: few, short, in this process. The oldest makes way. */
export function createTrySessions(clock: Clock): TrySessions {
  const sessions = new Map<string, { readonly session: TrySession; readonly expiresAt: number }>();
  return {
    find(id) {
      const found = id === undefined ? undefined : sessions.get(id);
      return found && clock.now() < found.expiresAt ? found.session : undefined;
    },
    create() {
      const oldest = sessions.keys().next().value;
      if (sessions.size >= SESSIONS_MAX && oldest !== undefined) sessions.delete(oldest);
      const session: TrySession = {
        id: randomId(32),
        xsrf: randomId(),
        pending: undefined,
        tokens: undefined,
        calls: [],
        takenBack: [],
      };
      sessions.set(session.id, { session, expiresAt: clock.now() + LIFE_SECONDS });
      return session;
    },
  };
}
