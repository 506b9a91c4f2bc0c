import type { Cursor } from './feed-payload.ts';
import type { Batch, FeedPublisher, News } from './feed-publisher.ts';

export interface FeedFollowerOptions {
  readonly publisher: FeedPublisher;
  readonly cursor: Cursor;
  /** Whether to tell at once where the feed stands, even when nothing is new. */
  readonly isGreeted: boolean;
  /** Called with everything that the follower is to be told, in order. */
  readonly send: (news: News) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Brings one follower from where it stands to the end and keeps it there: by stretches of its own while it is behind,
 * then by those that all are told. Gives the function that ends it.
 */
export function startFeedFollower(options: FeedFollowerOptions): () => void {
  const { publisher, isGreeted, send, onFailure } = options;
  let { cursor } = options;
  let isCatchingUp = false;
  let hasMissed = false;

  function pass(news: News): void {
    if (news.kind === 'batch') ({ cursor } = news.batch);
    send(news);
  }

  async function catchUp(first: Promise<News | undefined>): Promise<void> {
    isCatchingUp = true;
    try {
      for (let news = await first; news !== undefined || hasMissed;) {
        hasMissed = false;
        if (news !== undefined) pass(news);
        if (news?.kind === 'broken') return;
        news = await publisher.next(cursor);
      }
    } finally {
      isCatchingUp = false;
    }
  }

  function hear(news: News): void {
    if (isCatchingUp) hasMissed = true;
    else if (news.kind === 'broken' || continues(news.batch)) pass(news);
    else if (!isBehind(news.batch)) catchUp(publisher.next(cursor)).catch(onFailure);
  }

  function continues(batch: Batch): boolean {
    return batch.after === cursor.number && batch.cursor.epoch === cursor.epoch;
  }

  /** This follower had a stretch of its own that reached further. */
  function isBehind(batch: Batch): boolean {
    return batch.cursor.number <= cursor.number && batch.cursor.epoch === cursor.epoch;
  }

  const end = publisher.listen(hear);
  catchUp(isGreeted ? publisher.greet(cursor) : publisher.next(cursor)).catch(onFailure);
  return end;
}
