import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import { LatchkeyError } from '../runtime/errors.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A form of ours was sent by a page that is not. */
export class CrossSite extends LatchkeyError {
  readonly code = 'ERR_CROSS_SITE';
}

/**
 * For routers whose forms only our own pages may send. A second wall behind the token in each form, so that what
 * says nothing of where it comes from (an old browser, a program) is left to the token.
 *
 * @throws {CrossSite}
 */
export function createSameOriginGuard(issuer: string): Middleware {
  const { origin } = new URL(issuer);
  return async (ctx, next) => {
    if (!SAFE_METHODS.has(ctx.method) && isCrossSite(ctx.req, origin))
      throw new CrossSite('a form of ours was sent by a page that is not');
    await next();
  };
}

/** Whether the browser itself says that another site's page sent this request. */
export function isCrossSite({ headers }: IncomingMessage, ownOrigin: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  // Under `Referrer-Policy: no-referrer` a browser names the origin of our own forms `null`.
  const { origin } = headers;
  return origin !== undefined && origin !== 'null' && origin !== ownOrigin;
}
