import type { Context } from 'koa';
import type { Account } from '../accounts/accounts.ts';
import { languagesOf, sendPage } from '../http/page.ts';
import type { Renderer } from '../http/renderer.ts';
import { localesOf } from '../notices/notices.ts';
import type { Me, OutsidePages, Pages, Problem, Section } from './pages.ts';
import type { Visit } from './visit.ts';

/** Answers with a page of somebody's account, in the language that they chose. */
export type ShowPage = <Name extends keyof Pages>(
  visit: Visit,
  name: Name,
  page: Pages[Name],
  manner?: Manner,
) => Promise<void>;

/** How a page is answered: 200 when left out. */
interface Manner {
  readonly status?: number;
  /** URLs of images from elsewhere that the page shows; safe ones. */
  readonly images?: readonly string[];
}

/** Answers with a page for whoever is there. */
export type ShowOutside = <Name extends keyof OutsidePages>(
  ctx: Context,
  name: Name,
  page: OutsidePages[Name],
  status?: number,
) => Promise<void>;

/** What can be told to have been done, by the path that the browser was sent back to. */
const DONE = new Set([
  'profile',
  'email',
  'password-removed',
  'passkey-added',
  'passkey-renamed',
  'passkey-removed',
  'authenticator-added',
  'authenticator-removed',
  'session-ended',
  'sessions-ended',
  'device-forgotten',
  'client-removed',
  'request-approved',
  'request-refused',
]);
const SECTIONS: Readonly<Record<keyof Pages, Section>> = {
  'account/overview': 'overview',
  'account/profile': 'profile',
  'account/email': 'profile',
  'account/email-code': 'profile',
  'account/security': 'security',
  'account/password': 'security',
  'account/passkey-add': 'security',
  'account/passkey': 'security',
  'account/authenticator': 'security',
  'account/authenticator-remove': 'security',
  'account/recovery-codes': 'security',
  'account/devices': 'devices',
  'account/clients': 'clients',
  'account/requests': 'clients',
  'account/activity': 'activity',
  'account/data': 'data',
  'account/delete': 'data',
};
export const NO_PROBLEM: Problem = { kind: 'none' };

export function createShowPage(renderer: Renderer, issuer: string): ShowPage {
  const { origin } = new URL(issuer);
  return async (visit, name, page, { status = 200, images = [] } = {}) => {
    const { ctx, account, csrf } = visit;
    const { done = '' } = ctx.query;
    const me = meOf(account, origin);
    const frame = {
      section: SECTIONS[name],
      me,
      csrf,
      done: typeof done === 'string' && DONE.has(done) ? done : '',
    };
    const languages = languagesOf(ctx, localesOf(account));
    const html = await renderer.render(name, { ...page, ...frame }, languages);
    sendPage(ctx, html, { status, images: [me.picture, ...images].filter((url) => url !== '') });
  };
}

export function createShowOutside(renderer: Renderer): ShowOutside {
  return async (ctx, name, page, status = 200) => {
    sendPage(ctx, await renderer.render(name, page, languagesOf(ctx)), { status });
  };
}

/** With which status a problem is told. */
export function statusOf({ kind }: Problem): number {
  return { none: 200, refused: 422, incomplete: 422, throttled: 429 }[kind];
}

/** What somebody signs in with, as they know it. */
export function loginOf({ id, email, username, phone }: Account): string {
  return email ?? username ?? phone ?? id;
}

function meOf(account: Account, origin: string): Me {
  const login = loginOf(account);
  const { name: fullName, picture } = account.claims;
  const name = typeof fullName === 'string' && fullName.trim() !== '' ? fullName.trim() : login;
  const [initial = ''] = name;
  return {
    name,
    login: login === name ? '' : login,
    initial: initial.toLocaleUpperCase(),
    picture: typeof picture === 'string' && mayShow(picture, origin) ? picture : '',
  };
}

/** Pictures of our own are shown in the dev profile, too, which has no https. */
function mayShow(picture: string, origin: string): boolean {
  return isSafeImage(picture) || URL.parse(picture)?.origin === origin;
}

/** Nothing that a browser would not show on an https page, and nothing that could add to our policy. */
export function isSafeImage(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'https:' && /^https:\/\/[a-z0-9.-]+(?::\d+)?$/u.test(parsed.origin);
}
