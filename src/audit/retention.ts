import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { RecordConflict, type Records } from '../storage/records.ts';
import { linked, NO_HEAD, type Head } from './chain.ts';
import { createAppending, readHead } from './chain-records.ts';

/** How many events one transaction takes away, so that none is long. */
const CUT_MAX = 5000;

const CUT_EVERY_SECONDS = 3600;

interface Retention {
  readonly now: number;
  readonly keepForSeconds: number;
}

interface RetentionOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keepForSeconds: number;
}

/** Takes old events away every hour until the signal aborts. Every node does, and the first one wins. */
export function startRetention(options: RetentionOptions, signal: AbortSignal): void {
  keepCutting(options, signal).catch(() => undefined); // Only the abort ends it.
}

async function keepCutting(options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { records, clock, logger, keepForSeconds } = options;
  for (;;) {
    await clock.sleep(CUT_EVERY_SECONDS, signal);
    try {
      await cutOldEvents(records, { now: clock.now(), keepForSeconds });
    } catch (error) {
      logger.warn(
        { event: 'audit.not_cut', reason: String(error) },
        'old events of the audit could not be taken away; it will be tried again',
      );
    }
  }
}

/**
 * Takes events away that are older than `keepForSeconds`. Each cut is an event of the chain that it
 * shortens, with the hash at which the rest begins, so that a chain that was cut can still be verified.
 */
export async function cutOldEvents(records: Records, retention: Retention): Promise<void> {
  const nodes = await records.all(records.queries.selectFrom('audit').select('node').distinct());
  for (const { node } of nodes) {
    while (await cutOnce(records, node, retention));
  }
}

/** True: something was taken away, and there may be more. */
async function cutOnce(records: Records, node: string, retention: Retention): Promise<boolean> {
  const [last, head] = await Promise.all([
    findCut(records, node, retention.now - retention.keepForSeconds),
    readHead(records, node),
  ]);
  if (last === NO_HEAD) return false;
  const rows = linked(node, head, [
    {
      event: {
        type: 'audit.cut',
        origin: { address: 'node' },
        upTo: last.number,
        hash: last.hash,
      },
      at: retention.now,
    },
  ]);
  const taking = records.queries
    .deleteFrom('audit')
    .where('node', '=', node)
    .where('number', '<=', last.number);
  try {
    await records.write(...createAppending(records)(rows), taking);
    return true;
  } catch (error) {
    // The chain went on meanwhile, by its node or by another that cuts: next time.
    if (error instanceof RecordConflict) return false;
    throw error;
  }
}

/** The last event to take away: all up to it are older than `before`, and at most `CUT_MAX` of them. */
async function findCut(records: Records, node: string, before: number): Promise<Head> {
  const rows = await records.all(
    records.queries
      .selectFrom('audit')
      .select(['number', 'hash', 'at', 'type'])
      .where('node', '=', node)
      .orderBy('number')
      .limit(CUT_MAX),
  );
  const kept = rows.findIndex(({ at }) => at >= before);
  const old = kept === -1 ? rows : rows.slice(0, kept);
  const last = old.at(-1);
  // Of a chain that nobody continues, the event that tells of its last cut stays.
  const isTold = old.length === 1 && last?.type === 'audit.cut';
  return last === undefined || isTold ? NO_HEAD : { number: last.number, hash: last.hash };
}
