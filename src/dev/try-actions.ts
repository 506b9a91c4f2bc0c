import { prettyJson } from './explain-token.ts';
import { problemOf, type RelyingParty } from './relying-party.ts';
import type { PendingSignIn, TryCall, TrySession, TryTokens } from './try-session.ts';

/** What the buttons of the try page do. */
export interface TryActions {
  /** Ends a sign-in; gives the OAuth error code of one that failed, else nothing. */
  complete(session: TrySession, callback: URL, pending: PendingSignIn): Promise<string>;
  /** Gives where to go; undefined: back to the page. */
  run(action: string, session: TrySession): Promise<string | undefined>;
}

/** One button: how its request looks, and what it does. Gives the answer to show. */
interface Action {
  readonly request: string;
  readonly work: (session: TrySession, tokens: TryTokens) => Promise<string>;
}

const CALLS_MAX = 12;
const CODE_REQUEST = 'POST /token\ngrant_type=authorization_code&code=…&code_verifier=…';

export function createTryActions(party: RelyingParty): TryActions {
  const actions = createActions(party);
  return {
    complete: (session, callback, pending) =>
      tell(session, { title: 'sign-in', request: CODE_REQUEST }, async () => {
        session.tokens = await party.complete(callback, pending);
        session.takenBack = [];
        return '';
      }),
    async run(title, session) {
      const { tokens } = session;
      const action = actions.get(title);
      if (!tokens) return undefined;
      if (title === 'sign-out') {
        session.tokens = undefined;
        session.calls = [];
        session.takenBack = [];
        return (await party.signOutUrl(tokens)).href;
      }
      if (action) {
        const { request, work } = action;
        await tell(session, { title, request }, () => work(session, tokens));
      }
      return undefined;
    },
  };
}

function createActions(party: RelyingParty): ReadonlyMap<string, Action> {
  return new Map<string, Action>([
    [
      'userinfo',
      {
        request: 'GET /userinfo\nAuthorization: Bearer …',
        work: async (_session, tokens) => prettyJson(await party.userinfo(tokens)),
      },
    ],
    [
      'refresh',
      {
        request: 'POST /token\ngrant_type=refresh_token&refresh_token=…',
        work: async (session, tokens) => {
          session.tokens = await party.refresh(tokens);
          session.takenBack = [];
          return '';
        },
      },
    ],
    [
      'revoke-access',
      {
        request: 'POST /revoke\ntoken=<access token>',
        work: async (session, tokens) => {
          await party.revoke(tokens.accessToken);
          session.takenBack = [...session.takenBack, 'access'];
          return '';
        },
      },
    ],
    [
      'revoke-refresh',
      {
        request: 'POST /revoke\ntoken=<refresh token>',
        work: async (session, tokens) => {
          await party.revoke(tokens.refreshToken ?? '');
          // With it falls all that came of the same sign-in.
          session.takenBack = ['access', 'refresh'];
          return '';
        },
      },
    ],
  ]);
}

/** Runs one call and puts it and its answer on the page, newest first. Gives the error code, or nothing. */
async function tell(
  session: TrySession,
  call: Pick<TryCall, 'title' | 'request'>,
  work: () => Promise<string>,
): Promise<string> {
  const { ok, code, answer } = await work().then(
    (text) => ({ ok: true, code: '', answer: text }),
    async (error: unknown) => ({ ok: false, ...(await problemOf(error)) }),
  );
  session.calls = [{ ...call, ok, answer }, ...session.calls].slice(0, CALLS_MAX);
  return code;
}
