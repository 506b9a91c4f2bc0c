import type { Context } from 'koa';
import { z } from 'zod';
import type { Account } from '../accounts/accounts.ts';
import type { BrowserKeys } from '../flows/browser-key.ts';
import type { Flow, Flows } from '../flows/flows.ts';
import { seeOther } from '../http/page.ts';
import { ACR } from '../provider/contract.ts';
import { sha256 } from '../runtime/digest.ts';
import { randomId } from '../runtime/random.ts';
import { ACCOUNT_CLIENT, CALLBACK } from './account-client.ts';

/** What was typed into a form, by field. */
export type Draft = Readonly<Record<string, string>>;

/** What the sign-in has to reach. */
export interface Proof {
  /** Anew, whatever was proven before. */
  readonly isNew: boolean;
  readonly isMultiFactor: boolean;
}

/** By our own sign-in, and back to where one was. */
export interface Detours {
  /** `proof`: left out, whoever is signed in will do. */
  begin(
    ctx: Context,
    detour: {
      readonly returnTo: string;
      readonly draft?: Draft;
      readonly account?: Account;
      readonly proof?: Proof;
    },
  ): Promise<void>;
  /** The answer of the authorization endpoint. True: the person is back; false: they would not sign in. */
  finish(ctx: Context): Promise<boolean>;
  /** What this very person typed in this browser before the detour that ended here. */
  draftOf(ctx: Context, accountId: string): Promise<Draft>;
}

const HOME = '/account';
const LIFE_SECONDS = 1800;
const NOTHING: Draft = {};

const detourData = z.object({
  kind: z.literal('detour'),
  browser: z.string(),
  returnTo: z.string(),
  accountId: z.string(),
  draft: z.record(z.string(), z.string()),
  isBack: z.boolean(),
});
type DetourData = z.output<typeof detourData>;

/**
 * A detour is a flow on our side, named by `state`, of the browser that began it: the way back comes from there, never
 * from a request. The code that comes with the answer is of no use to anybody, since its verifier is thrown away at
 * once: who signed in says the session.
 */
export function createDetours(options: {
  readonly issuer: string;
  readonly flows: Flows;
  readonly browserKeys: BrowserKeys;
}): Detours {
  const { issuer, flows, browserKeys } = options;

  async function find(
    ctx: Context,
    id: unknown,
  ): Promise<{ readonly flow: Flow; readonly data: DetourData } | undefined> {
    const flow = typeof id === 'string' ? await flows.find('account', id) : undefined;
    const read = detourData.safeParse(flow?.data);
    if (flow === undefined || !read.success) return undefined;
    return browserKeys.owns(ctx, read.data.browser) ? { flow, data: read.data } : undefined;
  }

  return {
    async begin(ctx, { returnTo, draft = NOTHING, account, proof }) {
      const id = randomId(32);
      const browser = browserKeys.ensure(ctx);
      const accountId = account?.id ?? '';
      const data: DetourData = {
        kind: 'detour',
        browser,
        returnTo,
        accountId,
        draft,
        isBack: false,
      };
      const flow = flows.begin({ purpose: 'account', id, ttlSeconds: LIFE_SECONDS, data });
      if ((await flows.change(flow, {})) === undefined)
        throw new TypeError('a flow that was there');
      const loginHint = account?.email ?? account?.username;
      seeOther(ctx, authorizationUrl({ issuer, state: id, proof, loginHint }));
    },
    async finish(ctx) {
      const { state, error } = ctx.query;
      const found = await find(ctx, state);
      const isBack =
        found && (await flows.change(found.flow, { data: { ...found.data, isBack: true } }));
      if (error !== undefined) return false;
      // Another browser's, another time's or nobody's: there is always the front page.
      if (found === undefined || found.data.isBack || isBack === undefined) seeOther(ctx, HOME);
      else seeOther(ctx, wayBack(found.flow.id, found.data));
      return true;
    },
    async draftOf(ctx, accountId) {
      const { draft: id } = ctx.query;
      const found = id === undefined ? undefined : await find(ctx, id);
      const isTheirs = found?.data.isBack === true && found.data.accountId === accountId;
      return isTheirs ? found.data.draft : NOTHING;
    },
  };
}

function wayBack(id: string, { returnTo, draft }: DetourData): string {
  return Object.keys(draft).length === 0 ? returnTo : `${returnTo}?draft=${id}`;
}

function authorizationUrl(request: {
  readonly issuer: string;
  readonly state: string;
  readonly proof: Proof | undefined;
  readonly loginHint: string | undefined;
}): string {
  const { issuer, state, proof, loginHint } = request;
  const parameters = new URLSearchParams({
    client_id: ACCOUNT_CLIENT,
    redirect_uri: `${issuer}${CALLBACK}`,
    response_type: 'code',
    scope: 'openid',
    state,
    code_challenge: sha256(randomId(32)),
    code_challenge_method: 'S256',
    // Not by `max_age`: nodes whose clocks differ would send people to and fro.
    ...(proof?.isNew === true && { prompt: 'login' }),
    ...(proof?.isMultiFactor === true && { acr_values: ACR.multiple }),
    ...(loginHint !== undefined && { login_hint: loginHint }),
  });
  return `${issuer}/authorize?${parameters.toString()}`;
}
