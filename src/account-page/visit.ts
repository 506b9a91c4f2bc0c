import type { Context, Middleware } from 'koa';
import type { Account, Accounts } from '../accounts/accounts.ts';
import type { Factors } from '../factors/factors.ts';
import { readForm } from '../http/form.ts';
import type { FormTokens } from '../http/form-tokens.ts';
import { languagesOf, originOf } from '../http/page.ts';
import type { BrowserSession, BrowserSessions } from '../provider/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Detours, Draft, Proof } from './detour.ts';

/** Somebody at their own account. */
export interface Visit {
  readonly ctx: Context;
  readonly session: BrowserSession;
  readonly account: Account;
  readonly actor: Actor;
  /** Those that the browser asks for. */
  readonly languages: readonly string[];
  /** NumericDate: before anything that this visit changes. */
  readonly at: number;
  /** The fields of a POST whose token was right; empty with a GET. */
  readonly form: ReadonlyMap<string, string>;
  /** What was typed before the person had to prove once more who they are. */
  readonly draft: Draft;
  /** The token for the next form. */
  readonly csrf: string;
}

/** Shows a page of somebody's account, or changes something of it. */
export type Step = (visit: Visit) => Promise<void>;

/** What a step asks of who is there. */
export interface Terms {
  /** The proof of who they are is at most `authentication.freshFor` old, and of two factors if they have a second. */
  readonly isFresh?: boolean;
  /** Where a POST that is not let in goes on afterwards; left out: the path itself, which is a page, too. */
  readonly page?: string;
  /** Fields that are there again afterwards. Never a secret. */
  readonly keeps?: readonly string[];
}

/** Lets people in to their account. */
export interface Door {
  to(step: Step, terms?: Terms): Middleware;
}

export interface DoorOptions {
  readonly sessions: BrowserSessions;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly factors: Factors;
  readonly tokens: FormTokens;
  readonly detours: Detours;
  readonly clock: Clock;
  readonly freshForSeconds: number;
}

/** Whoever is not let in goes on a detour by the sign-in. */
export function createDoor(options: DoorOptions): Door {
  const { sessions, accounts, tokens, detours, clock } = options;

  async function whoIs(
    ctx: Context,
  ): Promise<{ readonly session: BrowserSession; readonly account: Account } | undefined> {
    const session = await sessions.current(ctx);
    const account = session && (await accounts.find(session.accountId));
    return session && account?.state === 'active' ? { session, account } : undefined;
  }

  return {
    to:
      (step, { isFresh = false, page, keeps = [] } = {}) =>
      async (ctx) => {
        const at = clock.now();
        const returnTo = ctx.method === 'GET' ? ctx.path : (page ?? ctx.path);
        const there = await whoIs(ctx);
        if (there === undefined) {
          await detours.begin(ctx, { returnTo });
          return;
        }
        const { session, account } = there;
        const form = ctx.method === 'POST' ? await readForm(ctx) : new Map<string, string>();
        if (ctx.method === 'POST') tokens.check(tokenName(session), form.get('csrf'));
        const proof = isFresh ? await missingProof(session, at, options) : undefined;
        if (proof !== undefined) {
          const draft = Object.fromEntries([...form].filter(([name]) => keeps.includes(name)));
          await detours.begin(ctx, { returnTo, draft, account, proof });
          return;
        }
        const actor = { by: 'self', origin: originOf(ctx) };
        const draft = await detours.draftOf(ctx, account.id);
        const csrf = tokens.issue(tokenName(session));
        const languages = languagesOf(ctx);
        await step({ ctx, session, account, actor, languages, at, form, draft, csrf });
      },
  };
}

/**
 * A session that spared its second factor, because the device was remembered or the client did not ask, is not enough to
 * change factors. Undefined: nothing is missing.
 */
async function missingProof(
  { accountId, authTime, isMultiFactor }: BrowserSession,
  now: number,
  { factors, freshForSeconds }: DoorOptions,
): Promise<Proof | undefined> {
  const has = await factors.of(accountId);
  const hasPasskey = factors.passkeys.available && (has?.passkeys.length ?? 0) > 0;
  const needsMultiFactor = hasPasskey || has?.totp !== undefined;
  const isOld = now - authTime > freshForSeconds;
  if (!isOld && (isMultiFactor || !needsMultiFactor)) return undefined;
  return { isNew: isOld, isMultiFactor: needsMultiFactor };
}

/** Sessions and interactions have ids of one kind; a form of one is none of the other. */
function tokenName({ uid }: BrowserSession): string {
  return `account:${uid}`;
}
