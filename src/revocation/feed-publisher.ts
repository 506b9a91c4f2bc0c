import type { Clock } from '../runtime/clock.ts';
import type { JsonObject } from '../runtime/json.ts';
import {
  batchPayload,
  BATCH_TYPE,
  cursorAt,
  cursorText,
  isContinued,
  type Cursor,
} from './feed-payload.ts';
import type { FeedSource } from './feed-source.ts';
import { createLatest } from './latest.ts';

const BATCH_MAX = 1000;

/** Signs a JWS (RFC 7515) with this payload and `typ` by a current key of the issuer. */
export type SignFeed = (payload: JsonObject, typ: string) => Promise<string>;

/** One signed stretch of the feed: from `after` to `cursor`. The same place twice: a heartbeat. */
export interface Batch {
  readonly jws: string;
  readonly after: number;
  readonly cursor: Cursor;
}

/** What a follower is told: the next stretch, or that it has to take a snapshot. */
export type News = { readonly kind: 'batch'; readonly batch: Batch } | { readonly kind: 'broken' };

/** Tells all who listen the same, signed once. */
export interface FeedPublisher {
  /** What comes next for who stands at `cursor`; undefined: nothing, or nothing that this node knows. */
  next(cursor: Cursor): Promise<News | undefined>;
  /** The same, but with nothing to tell it says so: a heartbeat for one. Undefined: this node cannot speak of the present. */
  greet(cursor: Cursor): Promise<News | undefined>;
  /** Each stretch from now on, and heartbeats. Gives the function that ends it. */
  listen(listener: (news: News) => void): () => void;
  close(): void;
}

export interface FeedPublisherOptions {
  readonly source: FeedSource;
  readonly sign: SignFeed;
  readonly issuer: string;
  readonly clock: Clock;
  readonly heartbeatSeconds: number;
  /** Called when a stretch could not be signed; the next heartbeat tries again. */
  readonly onFailure: (error: unknown) => void;
}

export function createFeedPublisher(options: FeedPublisherOptions): FeedPublisher {
  const { source, clock, onFailure } = options;
  const listeners = new Set<(news: News) => void>();
  const stop = new AbortController();
  let told: Cursor | undefined;
  let isBeatDue = false;

  const tell = (news: News): void => listeners.forEach((listener) => listener(news));

  async function publish(): Promise<void> {
    // Silence tells followers that this node does not know.
    for (let at = source.position(); at !== undefined; at = source.position()) {
      const here = cursorAt(source, at.id, at.number);
      told ??= here;
      const from = told;
      const isMoved = cursorText(from) !== cursorText(here);
      if (!isMoved && !(isBeatDue && source.isFresh())) return;
      isBeatDue = false;
      const batch = isContinued(source, at, from) ? await makeBatch(options, from) : undefined;
      told = batch?.cursor ?? here;
      tell(batch === undefined ? { kind: 'broken' } : { kind: 'batch', batch });
    }
  }

  const latest = createLatest(publish);
  const endMoved = source.onMoved(() => {
    latest.run().catch(onFailure);
  });

  async function beat(): Promise<void> {
    while (!stop.signal.aborted) {
      // A signature that nobody hears is spared.
      isBeatDue = listeners.size > 0;
      // A busy store is waited for.
      if (isBeatDue && !source.isFresh()) await source.refresh().catch(() => undefined);
      await latest.run().catch(onFailure);
      await clock.sleep(options.heartbeatSeconds, stop.signal).catch(() => undefined); // Closed.
    }
  }
  void beat();

  async function behind(cursor: Cursor): Promise<News | undefined> {
    const position = source.position();
    if (position === undefined) return undefined;
    const isGood = isContinued(source, position, cursor);
    const batch = isGood ? await makeBatch(options, cursor) : undefined;
    return batch === undefined ? { kind: 'broken' } : { kind: 'batch', batch };
  }

  return {
    // Who is greeted takes it for the present.
    greet: async (cursor) => (source.isFresh() ? behind(cursor) : undefined),
    async next(cursor) {
      const position = source.position();
      if (position === undefined) return undefined;
      const isAtEnd = position.number === cursor.number && isContinued(source, position, cursor);
      return isAtEnd ? undefined : behind(cursor);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      stop.abort();
      endMoved();
    },
  };
}

/** The stretch behind `from`; undefined when it is not at hand any more. Reads the source before it first waits. */
async function makeBatch(options: FeedPublisherOptions, from: Cursor): Promise<Batch | undefined> {
  const { source, sign, issuer, clock, heartbeatSeconds } = options;
  const head = source.position()?.number ?? from.number;
  const entries = head === from.number ? [] : source.entriesAfter(from.number, BATCH_MAX);
  if (entries === undefined) return undefined;
  const { number: after, epoch } = from;
  const cursor = cursorAt(source, epoch, after + entries.length);
  const payload = batchPayload({
    issuer,
    nowMs: clock.nowMs(),
    heartbeatMs: Math.round(heartbeatSeconds * 1000),
    after,
    cursor,
    head,
    entries,
  });
  return { jws: await sign(payload, BATCH_TYPE), after, cursor };
}
