import type { Context } from 'koa';
import type { Quotas } from '../accounts/quotas.ts';
import type { House } from '../capability.ts';
import type { BrowserKeys } from '../flows/browser-key.ts';
import type { FormTokens } from '../http/form-tokens.ts';
import { languagesOf, sendPage } from '../http/page.ts';
import type { Renderer } from '../http/renderer.ts';
import type { RecoveryConfig } from './config.ts';
import type { Pages, Problem } from './pages.ts';
import type { Recoveries } from './recoveries.ts';

/** Answers with a page in the language of whoever reads it. */
export type ShowPage = <Name extends keyof Pages>(
  ctx: Context,
  name: Name,
  page: Pages[Name],
  status?: number,
) => Promise<void>;

/** What the pages of recovery need of the house. */
export interface Room extends Pick<
  House,
  | 'accounts'
  | 'accountUrl'
  | 'audit'
  | 'authentication'
  | 'clock'
  | 'factorsOfLocked'
  | 'hasMail'
  | 'logger'
  | 'mail'
  | 'notices'
  | 'takeBack'
  | 'tickets'
> {
  readonly issuer: string;
  readonly settings: RecoveryConfig;
  readonly show: ShowPage;
  readonly quotas: Quotas;
  readonly tokens: FormTokens;
  readonly browserKeys: BrowserKeys;
  readonly recoveries: Recoveries;
}

export const NO_PROBLEM: Problem = { kind: 'none' };
export const REFUSED: Problem = { kind: 'refused' };
export const INCOMPLETE: Problem = { kind: 'incomplete' };

const STATUS: Readonly<Record<Problem['kind'], number>> = {
  none: 200,
  refused: 401,
  incomplete: 422,
  passkey: 401,
  throttled: 429,
};

/** With which status a problem is told. */
export function statusOf({ kind }: Problem): number {
  return STATUS[kind];
}

export function createShowPage(renderer: Renderer): ShowPage {
  return async (ctx, name, page, status = 200) => {
    sendPage(ctx, await renderer.render(name, page, languagesOf(ctx)), { status });
  };
}
