import type { Logger } from '../runtime/logger.ts';
import type { SignFeed } from './feed-publisher.ts';

/** Tells the log once when the feed cannot speak, and once when it can again. */
export interface FeedHealth {
  failed(error: unknown): void;
  /** `sign`, watched. */
  watched(sign: SignFeed): SignFeed;
}

export function createFeedHealth(logger: Logger): FeedHealth {
  let isFailing = false;

  function failed(error: unknown): void {
    if (isFailing) return;
    isFailing = true;
    logger.error({ event: 'feed.failed', reason: String(error) }, 'the feed could not be signed');
  }

  return {
    failed,
    watched: (sign) => async (payload, typ) => {
      const jws = await sign(payload, typ);
      if (isFailing) logger.info({ event: 'feed.restored' }, 'the feed is signed again');
      isFailing = false;
      return jws;
    },
  };
}
