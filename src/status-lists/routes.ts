import { Router } from '@koa/router';
import type { Context } from 'koa';
import type { Publisher } from './publisher.ts';

const PATH = '/status-lists';
const CONTENT_TYPE = 'application/statuslist+jwt';
const RETRY_AFTER_SECONDS = '1';
/** Verifiers go by `ttl` and `exp` (section 8.2); what lies between need not keep a list for long. */
const MAX_AGE_SECONDS = 5;
const PREFLIGHT_AGE_SECONDS = '86400';

interface RoutesOptions {
  readonly publisher: Publisher;
  readonly uriOf: (id: string) => string;
  /** Whether this node has read both logs once: before it knows no list. */
  readonly isReady: () => boolean;
}

/** Where the list with this id is. */
export function listUri(issuer: string, id: string): string {
  return `${issuer}${PATH}/${id}`;
}

/** Where all lists are told. */
export function aggregationUri(issuer: string): string {
  return `${issuer}${PATH}`;
}

/** `GET /status-lists` (section 9.3) and `GET /status-lists/<id>` (section 8), for scripts of any origin. */
export function createStatusListRoutes({ publisher, uriOf, isReady }: RoutesOptions): Router {
  const router = new Router();

  router.use([PATH, `${PATH}/:id`], async (ctx, next) => {
    ctx.set('Access-Control-Allow-Origin', '*');
    if (ctx.method !== 'OPTIONS') return next();
    ctx.set('Access-Control-Allow-Methods', 'GET, HEAD');
    ctx.set('Access-Control-Allow-Headers', '*');
    ctx.set('Access-Control-Max-Age', PREFLIGHT_AGE_SECONDS);
    ctx.status = 204;
  });
  router.options([PATH, `${PATH}/:id`], () => undefined);

  router.get(PATH, (ctx) => {
    if (!isReady()) return unavailable(ctx);
    ctx.set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`);
    ctx.body = { status_lists: publisher.ids().map(uriOf) };
  });

  router.get(`${PATH}/:id`, (ctx) => {
    // Section 8.4: how a list was in the past is not kept.
    if (ctx.query['time'] !== undefined) return refuse(ctx, 501, 'not_implemented');
    const token = publisher.find(String(ctx.params['id']));
    if (token === 'expired' || (token === undefined && !isReady())) return unavailable(ctx);
    if (token === undefined) return refuse(ctx, 404, 'not_found');
    if (!accepts(ctx)) return refuse(ctx, 406, 'not_acceptable');
    ctx.set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`);
    ctx.set('ETag', token.etag);
    if (isAmong(token.etag, ctx.get('If-None-Match'))) {
      ctx.status = 304;
      return;
    }
    ctx.set('Content-Type', CONTENT_TYPE);
    ctx.body = token.jws;
  });
  return router;
}

/** Without the header, and with one that names nothing of ours in particular, a JWT is meant (section 8.1). */
function accepts(ctx: Context): boolean {
  return ctx.get('Accept') === '' || ctx.accepts(CONTENT_TYPE) !== false;
}

/** By the weak comparison (RFC 9110 section 13.1.2). Not by Koa: `fetch` sends `Cache-Control: no-cache` along, which it minds. */
function isAmong(etag: string, known: string): boolean {
  return known
    .split(',')
    .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

function unavailable(ctx: Context): void {
  ctx.set('Retry-After', RETRY_AFTER_SECONDS);
  refuse(ctx, 503, 'temporarily_unavailable');
}

function refuse(ctx: Context, status: number, error: string): void {
  ctx.set('Cache-Control', 'no-store');
  ctx.status = status;
  ctx.body = { error };
}
