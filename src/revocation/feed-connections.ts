import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { startFeedFollower, type FeedFollowerOptions } from './feed-follower.ts';
import { cursorText, type Cursor } from './feed-payload.ts';
import { createFeedPositions, type FeedPositions } from './feed-positions.ts';
import type { FeedPublisher, News } from './feed-publisher.ts';

/** A follower that leaves more than this unread is cut off, and comes again. */
const UNREAD_BYTES_MAX = 1024 ** 2;

/** The followers of this node. */
export interface FeedConnections {
  /** Answers with a stream of server-sent events that ends when the follower goes or has to take a snapshot. */
  stream(ctx: Context, cursor: Cursor): void;
  /** The first news behind `cursor`, which may take until the next heartbeat; undefined: the feed is closed. */
  poll(ctx: Context, cursor: Cursor): Promise<News | undefined>;
  count(): number;
  /** How far each of them is. */
  readonly positions: FeedPositions;
  close(): void;
}

interface FeedConnectionsOptions {
  readonly publisher: FeedPublisher;
  readonly onFailure: (error: unknown) => void;
}

export function createFeedConnections(options: FeedConnectionsOptions): FeedConnections {
  const enders = new Set<() => void>();
  const positions = createFeedPositions();

  /** Follows for as long as the response is open; `onEnd` runs once. */
  function follow(
    ctx: Context,
    cursor: Cursor,
    { onEnd, ...telling }: Pick<FeedFollowerOptions, 'isGreeted' | 'send'> & { onEnd: () => void },
  ): void {
    const stop = startFeedFollower({ ...options, ...telling, cursor });
    const end = (): void => {
      if (!enders.delete(end)) return;
      stop();
      onEnd();
    };
    enders.add(end);
    ctx.res.once('close', end);
  }

  return {
    stream(ctx, cursor) {
      const { res: response } = ctx;
      ctx.status = 200;
      ctx.type = 'text/event-stream';
      ctx.set('X-Accel-Buffering', 'no');
      // Written here, not piped: that a follower goes away is no error to tell of.
      ctx.respond = false;
      const tracked = positions.track(ctx, 'stream', cursor);
      // Sends the head at once: a follower with nothing to hear knows that it is connected.
      response.write(':\n\n');
      follow(ctx, cursor, {
        isGreeted: true,
        send: (news) => writeEvent(response, news, tracked.move),
        onEnd: () => {
          tracked.end();
          response.end();
        },
      });
    },

    poll: (ctx, cursor) =>
      new Promise((resolve) => {
        const tracked = positions.track(ctx, 'poll', cursor);
        follow(ctx, cursor, {
          isGreeted: false,
          send: resolve,
          onEnd: () => {
            tracked.end();
            resolve(undefined);
          },
        });
      }),

    positions,

    count: () => enders.size,
    close() {
      for (const end of enders) end();
    },
  };
}

function writeEvent(
  response: ServerResponse,
  news: News,
  onWritten: (cursor: Cursor) => void,
): void {
  if (response.writableEnded || response.destroyed) return;
  if (news.kind === 'broken' || response.writableLength > UNREAD_BYTES_MAX) {
    response.end('event: snapshot\ndata:\n\n');
    return;
  }
  const { jws, cursor } = news.batch;
  response.write(`event: revocations\nid: ${cursorText(cursor)}\ndata: ${jws}\n\n`, (error) => {
    if (!error) onWritten(cursor);
  });
}
