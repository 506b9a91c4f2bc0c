import type { Context } from 'koa';
import { createQuotas, type Quotas } from '../accounts/quotas.ts';
import type { House } from '../capability.ts';
import { languagesOf, sendPage } from '../http/page.ts';
import type { Renderer } from '../http/renderer.ts';
import type { JoiningConfig } from './config.ts';
import { createInvitationCookie, type InvitationCookie } from './invitation-cookie.ts';
import { createJoinings, type Joinings } from './joinings.ts';
import type { Pages, Problem } from './pages.ts';
import { createProofOfWork, type ProofOfWork } from './proof-of-work.ts';

/** Answers with a page in the language of whoever reads it. */
export type ShowPage = <Name extends keyof Pages>(
  ctx: Context,
  name: Name,
  page: Pages[Name],
  manner?: { readonly status?: number; readonly uiLocales?: readonly string[] },
) => Promise<void>;

type Used =
  | 'accounts'
  | 'accountUrl'
  | 'attributes'
  | 'authentication'
  | 'clock'
  | 'factors'
  | 'flows'
  | 'groups'
  | 'interactions'
  | 'logger'
  | 'mail'
  | 'tickets';

/** What joining is built on. */
export interface JoiningHouse
  extends Pick<House, Used | 'profile' | 'renderer' | 'sealer' | 'state'>, OpenFor {}

interface OpenFor {
  /** Whether people join by a client, where the installation is open to them; left out: by each. */
  readonly isOpenFor?: ((clientId: string) => Promise<boolean>) | undefined;
}

/** What the pages of joining need of the house. */
export interface Room extends Pick<House, Used>, OpenFor {
  /** Of the installation: letters about accounts lead there. */
  readonly issuer: string;
  /** The issuer at whose pages people join: letters with codes lead there. */
  readonly joinedAt: string;
  readonly settings: JoiningConfig;
  readonly show: ShowPage;
  readonly quotas: Quotas;
  readonly work: ProofOfWork;
  readonly cookie: InvitationCookie;
  readonly joinings: Joinings;
}

export function createRoom(
  settings: JoiningConfig,
  house: JoiningHouse,
  joinedAt = house.profile.issuer,
): Room {
  const { issuer } = house.profile;
  return {
    ...house,
    issuer,
    joinedAt,
    settings,
    show: createShowPage(house.renderer),
    quotas: createQuotas(house.state, 'joining'),
    work: createProofOfWork(house),
    cookie: createInvitationCookie(issuer),
    joinings: createJoinings(house),
  };
}

function createShowPage(renderer: Renderer): ShowPage {
  return async (ctx, name, page, { status = 200, uiLocales = [] } = {}) => {
    sendPage(ctx, await renderer.render(name, page, languagesOf(ctx, uiLocales)), { status });
  };
}

export const NO_PROBLEM: Problem = { kind: 'none' };
export const REFUSED: Problem = { kind: 'refused' };
export const INCOMPLETE: Problem = { kind: 'incomplete' };

const STATUS: Readonly<Record<Problem['kind'], number>> = {
  none: 200,
  refused: 422,
  incomplete: 422,
  domain: 422,
  passkey: 422,
  throttled: 429,
  busy: 503,
};

/** With which status a problem is told. */
export function statusOf({ kind }: Problem): number {
  return STATUS[kind];
}
