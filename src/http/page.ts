import type { Context } from 'koa';
import type { Origin } from '../runtime/origin.ts';
import { acceptedLanguages } from './languages.ts';
import { withImageFrom } from './security-headers.ts';

const POLICY = 'Content-Security-Policy';

/** Where the request came from, as the front door found it. Only for routers of this host. */
export function originOf(ctx: Context): Origin {
  const { origin }: { readonly origin: Origin } = ctx['state'];
  return origin;
}

/** The languages that a person reads: those the client asked for, then those of the browser. */
export function languagesOf(ctx: Context, uiLocales: readonly string[] = []): readonly string[] {
  return [...uiLocales, ...acceptedLanguages(ctx.get('Accept-Language'))];
}

/** The id by which the log tells of this request. */
export function requestIdOf(ctx: Context): string {
  return ctx.response.get('X-Request-Id');
}

/** Answers with a page. `image`: the one image from elsewhere that it shows, a logo. */
export function sendPage(
  ctx: Context,
  html: string,
  { status = 200, image }: { readonly status?: number; readonly image?: string | undefined } = {},
): void {
  if (image !== undefined) ctx.set(POLICY, withImageFrom(ctx.response.get(POLICY), image));
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = html;
}
