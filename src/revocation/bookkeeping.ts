import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Logger } from '../runtime/logger.ts';
import { handleOf } from './entry.ts';
import type { HighWater } from './epoch.ts';
import type { HighWaterRecords } from './high-water-records.ts';
import type { Intent } from './outbox.ts';

/** What the records are told of a revocation. Nothing here rejects: the revocation stands, or waits, whatever happens. */
export interface Bookkeeping {
  stands(intent: Intent, place: HighWater): Promise<void>;
  waits(intent: Intent): Promise<void>;
}

interface BookkeepingOptions {
  readonly highWater: HighWaterRecords;
  readonly audit: Audit;
  readonly logger: Logger;
}

export function createBookkeeping({ highWater, audit, logger }: BookkeepingOptions): Bookkeeping {
  function tell(error: unknown): void {
    logger.error(
      { event: 'revocation.not_recorded', reason: String(error) },
      'the records could not be told of a revocation',
    );
  }

  async function record(event: AuditEvent): Promise<void> {
    await audit.record(event).catch((error: unknown) => {
      tell(error);
      audit.note(event); // Held until the records answer again.
    });
  }

  return {
    async stands(intent, place) {
      const raised = highWater.raise(place).catch(tell);
      await Promise.all([raised, record(eventOf(intent, place.number))]);
    },
    waits: (intent) => record(eventOf(intent, undefined)),
  };
}

function eventOf({ what, reason, actor }: Intent, number: number | undefined): AuditEvent {
  return {
    type: 'revocation',
    origin: actor.origin,
    by: actor.by,
    what: what.kind,
    target: handleOf(what),
    reason,
    number,
    accountId: what.kind === 'account' ? what.accountId : undefined,
    clientId: what.kind === 'client' ? what.clientId : undefined,
  };
}
