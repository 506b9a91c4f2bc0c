import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Records } from '../storage/records.ts';
import type { Audit } from './audit.ts';
import { createChainWriter } from './chain-writer.ts';
import type { AuditConfig } from './config.ts';
import { createEventQueue } from './event-queue.ts';
import { BATCH_MAX, createEventWriter } from './event-writer.ts';
import { startRetention } from './retention.ts';

export interface AuditOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The name of this node's chain; a node that starts again under its name continues it. */
  readonly node: string;
  readonly settings: AuditConfig;
}

/** The record of what happened, kept in records. Writes nothing until there is something to write. */
export function createAudit({ records, clock, logger, node, settings }: AuditOptions): Audit {
  const chain = createChainWriter(records, node);
  const queue = createEventQueue(settings.queueMax);
  const writer = createEventWriter({ chain, queue, clock, logger, onHeld: flushLater });
  const stop = new AbortController();
  let isFlushDue = false;

  function flushLater(): void {
    if (isFlushDue || stop.signal.aborted) return;
    isFlushDue = true;
    const flushDue = (): void => {
      isFlushDue = false;
      writer.writeInBackground();
    };
    // Rejects only when closed, and closing writes what is left.
    clock.sleep(settings.flushEvery, stop.signal).then(flushDue, () => undefined);
  }

  if (settings.keepFor > 0) {
    startRetention({ records, clock, logger, keepForSeconds: settings.keepFor }, stop.signal);
  }
  return {
    record: (event) =>
      new Promise((settle, refuse) => {
        queue.push({ event, at: clock.now(), settle, refuse });
        writer.writeInBackground();
      }),

    note(event) {
      const hasRoom = queue.push({ event, at: clock.now() });
      // Told once; how many follow is put on the record when the records answer again.
      if (!hasRoom && queue.lost() === 1) {
        logger.error({ event: 'audit.lost' }, 'the audit has no room: events are lost');
      }
      if (queue.length() >= BATCH_MAX) writer.writeInBackground();
      else flushLater();
    },

    flush: writer.write,

    async close() {
      stop.abort();
      try {
        await writer.write();
        const head = await chain.head();
        // Whoever keeps the logs elsewhere can hold the chain against this line.
        logger.info({ event: 'audit.closed', node: chain.name(), ...head }, 'closed the audit');
      } catch (error) {
        logger.error(
          { event: 'audit.lost', events: queue.length(), error: Error('closed', { cause: error }) },
          'events of the audit could not be written before the end and are lost',
        );
      }
    },
  };
}
