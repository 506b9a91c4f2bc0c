import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Reader } from './reader.ts';
import { createStateReads } from './state-reads.ts';
import type { Writer } from './writer.ts';

const EVERY_MS = 1000;
/** Rows of each table that one bite deletes: about a millisecond, by which a write beside it is later. */
const BITE_ROWS = 200;

/** What sweeping needs. */
export interface SweepingOptions {
  readonly reader: Reader;
  readonly writer: Writer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Deletes expired rows in the background, bite by bite, while there are any; gives the function that ends it. While
 * the disk is full it also makes the writer look whether there is room again.
 */
export function startSweeping({ reader, writer, clock, logger }: SweepingOptions): () => void {
  const { hasExpired } = createStateReads(reader.connection);
  let isAtIt = false;

  async function sweep(): Promise<void> {
    const now = clock.nowMs();
    if (writer.health().room && !reader.read(() => hasExpired(now))) return;
    const swept = await writer.submit({ kind: 'sweep', now, limit: BITE_ROWS });
    if (Number(swept) >= BITE_ROWS) await sweep();
  }

  const timer = setInterval(() => {
    if (isAtIt) return;
    isAtIt = true;
    sweep()
      // Nothing is lost by it: expired rows are not read, and the next round comes in a second.
      .catch((error: Error) =>
        logger.debug({ event: 'storage.sweep_failed', error }, 'did not sweep'),
      )
      .finally(() => (isAtIt = false));
  }, EVERY_MS).unref();
  return () => clearInterval(timer);
}
