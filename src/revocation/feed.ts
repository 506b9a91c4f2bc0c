import { Router } from '@koa/router';
import type { Context } from 'koa';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { RevocationConfig } from './config.ts';
import { createFeedConnections } from './feed-connections.ts';
import { createFeedHealth } from './feed-health.ts';
import { parseCursor, type Cursor } from './feed-payload.ts';
import type { FeedPositions } from './feed-positions.ts';
import { createFeedPublisher, type SignFeed } from './feed-publisher.ts';
import { createSnapshots } from './feed-snapshot.ts';
import type { FeedSource } from './feed-source.ts';
import { readRelayReport } from './relay-report.ts';

const RETRY_AFTER_SECONDS = '1';

export interface FeedOptions {
  readonly source: FeedSource;
  readonly sign: SignFeed;
  readonly issuer: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: RevocationConfig['feed'];
  /** Whether this request may follow. When not, it has answered 401 or 403 itself. Not asked when the feed is public. */
  readonly authorize: (ctx: Context) => Promise<boolean>;
}

/** The feed of revocations, as `docs/revocation.md` describes it. */
export interface Feed {
  readonly router: Router;
  /** How far the followers of this node are. */
  readonly positions: FeedPositions;
  /** Ends every open stream; part of draining. */
  close(): void;
}

/**
 * `GET /revocations` (server-sent events, or a long poll), `GET /revocations/snapshot`, and `POST /revocations/followers`, by which a
 * relay tells of its followers.
 */
export function createFeed(options: FeedOptions): Feed {
  const { source, settings } = options;
  const health = createFeedHealth(options.logger);
  const onFailure = health.failed;
  const watched = { ...options, sign: health.watched(options.sign) };
  const heartbeatSeconds = settings.heartbeat;
  const publisher = createFeedPublisher({ ...watched, heartbeatSeconds, onFailure });
  const connections = createFeedConnections({ publisher, onFailure });
  const snapshots = createSnapshots(watched);
  const router = new Router({ prefix: '/revocations' });

  router.use(async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    // Reports are read by operators: whoever sends them authenticates, however public the feed is.
    const isOpen = settings.public && ctx.method !== 'POST';
    if (!isOpen && !(await options.authorize(ctx))) return;
    const isFull = connections.count() >= settings.followersMax;
    if (isFull || source.position() === undefined) unavailable(ctx);
    else await next();
  });

  router.get('/', async (ctx) => {
    const cursor = parseCursor(ctx.get('Last-Event-ID') || textOf(ctx.query['after']));
    if (cursor === undefined) return refuse(ctx);
    if (isAhead(source, cursor)) return unavailable(ctx);
    const type = ctx.accepts('application/jwt', 'text/event-stream');
    if (type === 'text/event-stream') return connections.stream(ctx, cursor);
    const news = await connections.poll(ctx, cursor);
    if (news === undefined) return unavailable(ctx);
    if (news.kind === 'broken') return refuse(ctx);
    ctx.type = 'application/jwt';
    ctx.body = news.batch.jws;
  });

  router.get('/snapshot', async (ctx) => {
    const body = await snapshots.take();
    if (body === undefined) return unavailable(ctx);
    ctx.type = 'text/plain';
    ctx.set('Content-Encoding', 'gzip');
    ctx.body = body;
  });

  router.post('/followers', async (ctx) => {
    const report = await readRelayReport(ctx.req);
    ctx.status = report === undefined ? 400 : 204;
    if (report !== undefined) connections.positions.report(ctx, report);
  });

  return {
    router,
    positions: connections.positions,
    close() {
      publisher.close();
      connections.close();
    },
  };
}

/** Another node has told the follower of what this one will read in a moment: no reason for a snapshot. */
function isAhead(source: FeedSource, cursor: Cursor): boolean {
  const position = source.position();
  return position?.id === cursor.epoch && position.number < cursor.number;
}

/** The follower cannot go on from where it stands. */
function refuse(ctx: Context): void {
  ctx.status = 410;
  ctx.body = { error: 'snapshot_required', error_description: 'take /revocations/snapshot first' };
}

function unavailable(ctx: Context): void {
  ctx.status = 503;
  ctx.set('Retry-After', RETRY_AFTER_SECONDS);
  ctx.body = { error: 'temporarily_unavailable' };
}

function textOf(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
