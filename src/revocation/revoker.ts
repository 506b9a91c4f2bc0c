import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { randomId } from '../runtime/random.ts';
import type { Bookkeeping } from './bookkeeping.ts';
import type { RevocationConfig } from './config.ts';
import type { EntryAppender } from './entry-appender.ts';
import { entryOf } from './entry.ts';
import type { Intent, Outbox } from './outbox.ts';
import { RevocationUnconfirmed, type Receipt, type Revocation } from './revocation.ts';

const OUTBOX_PAGE = 100;

/** Carries revocations out, at once or later. */
export interface Revoker {
  readonly revoke: Revocation['revoke'];
  /** Carries out what waits in the outbox, whichever node put it there. True: there may be more. */
  carryOut(): Promise<boolean>;
  /** How many are known to wait. */
  unconfirmed(): number;
}

interface RevokerOptions {
  readonly appender: EntryAppender;
  readonly outbox: Outbox;
  readonly bookkeeping: Bookkeeping;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: RevocationConfig;
}

export function createRevoker(options: RevokerOptions): Revoker {
  const { appender, outbox, bookkeeping, clock, logger } = options;
  const { longestToken, longestRecord, tolerance } = options.settings;
  let unconfirmed = 0;

  async function confirm(intent: Intent): Promise<Receipt> {
    const { id, what } = intent;
    // Reckoned now: until the entry stands, matching tokens may have been issued.
    const remembering = { now: clock.now(), longestToken, longestRecord, tolerance };
    const entry = entryOf(id, what, remembering);
    const place = await appender.append(entry);
    const durableAt = clock.now();
    await bookkeeping.stands(intent, place);
    return { number: place.number, durableAt };
  }

  async function keep(intent: Intent, cause: unknown): Promise<never> {
    logger.warn(
      { event: 'revocation.unconfirmed', kind: intent.what.kind, reason: String(cause) },
      'a revocation could not be confirmed',
    );
    try {
      await outbox.keep(intent, clock.now());
    } catch (error) {
      throw new RevocationUnconfirmed(false, { cause: error });
    }
    unconfirmed += 1;
    await bookkeeping.waits(intent);
    throw new RevocationUnconfirmed(true, { cause });
  }

  return {
    async revoke(what, { reason, actor }) {
      const intent = { id: randomId(9), what, reason, actor };
      try {
        return await confirm(intent);
      } catch (error) {
        return keep(intent, error);
      }
    },

    async carryOut() {
      const intents = await outbox.list(OUTBOX_PAGE);
      unconfirmed = intents.length;
      // Some may stand already, appended by an attempt whose answer was lost: another entry does no harm.
      await Promise.all(intents.map(confirm));
      await outbox.remove(intents.map(({ id }) => id));
      unconfirmed = 0;
      return intents.length === OUTBOX_PAGE;
    },

    unconfirmed: () => unconfirmed,
  };
}
