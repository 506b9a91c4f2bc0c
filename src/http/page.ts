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

/** Answers with a page. `image`, `images`: what it shows from elsewhere, such as the logo of a client. */
export function sendPage(
  ctx: Context,
  html: string,
  {
    status = 200,
    image,
    images = [],
  }: {
    readonly status?: number;
    readonly image?: string | undefined;
    readonly images?: readonly string[];
  } = {},
): void {
  for (const url of image === undefined ? images : [image, ...images])
    ctx.set(POLICY, withImageFrom(ctx.response.get(POLICY), url));
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = html;
}

/** After a form: a page, which can be loaded again without sending the form again. */
export function seeOther(ctx: Context, location: string): void {
  ctx.status = 303;
  ctx.redirect(location);
}
