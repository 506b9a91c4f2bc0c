import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { SealBroken, type Sealer } from '../runtime/sealing.ts';
import { CARRIED_WITHIN_SECONDS, type Carried, type Carrier } from './carrier.ts';
import { composeLetter, type Message, type Stationery } from './compose-letter.ts';
import type { DueLetter, QueueRecords, Settlement } from './queue-records.ts';
import { openContent } from './sealed-content.ts';
import { nextTryAt } from './times.ts';

/** Twice of what a try may take: a node that was killed holds a letter up for so long, and no longer. */
const CLAIM_SECONDS = 2 * CARRIED_WITHIN_SECONDS;

/** What the post counts. */
export type LetterResult = 'sent' | 'postponed' | 'given_up';

export interface DeliveryOptions {
  readonly queue: QueueRecords;
  readonly sealer: Sealer;
  readonly stationery: Stationery;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly count: (result: LetterResult) => void;
}

/** A letter that is in the hands of this node. */
export interface Taken {
  readonly letter: DueLetter;
  readonly claimedUntil: number;
}

/** Brings letters out, one try at a time, and keeps the record of it. */
export interface Delivery {
  /** Undefined: another node has the letter. */
  take(letter: DueLetter): Promise<Taken | undefined>;
  /** One try. */
  bring(taken: Taken, carrier: Carrier): Promise<Carried>;
  /** Gives up what has waited for too long. */
  giveUp(): Promise<void>;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { queue, clock, logger, audit, count } = options;

  async function tellGivenUp(id: string, letter: string, code: string): Promise<void> {
    count('given_up');
    logger.warn({ event: 'mail.given_up', id, letter, code }, 'a letter did not reach anybody');
    const origin = { address: 'node' };
    await audit.record({ type: 'mail.given_up', id, letter, code, origin });
  }

  async function settle({ letter, claimedUntil }: Taken, carried: Carried): Promise<void> {
    const { id, name } = letter;
    const tries = letter.tries + 1;
    const settlement = settlementOf(carried, { name, tries, now: clock.now() });
    if (!(await queue.settle({ id, claimedUntil }, settlement))) return;
    if (carried.kind === 'refused') await tellGivenUp(id, name, carried.code);
    else if (carried.kind === 'taken') {
      count('sent');
      logger.info({ event: 'mail.sent', id, letter: name, tries }, 'a letter was taken');
    } else {
      count('postponed');
      const fields = { event: 'mail.postponed', id, letter: name, tries, code: carried.code };
      logger.warn(fields, 'a letter could not leave; it is tried again');
    }
  }

  return {
    async take(letter) {
      const claimedUntil = clock.now() + CLAIM_SECONDS;
      return (await queue.claim(letter, claimedUntil)) ? { letter, claimedUntil } : undefined;
    },
    async bring(taken, carrier) {
      const { letter } = taken;
      const message = await compose(letter, options);
      const { id, recipient: to } = letter;
      const carried = 'kind' in message ? message : await carrier.carry({ id, to, message });
      await settle(taken, carried);
      return carried;
    },
    async giveUp() {
      for (const { id, name } of await queue.giveUp(clock.now(), 'EXPIRED'))
        await tellGivenUp(id, name, 'EXPIRED');
    },
  };
}

/** The letter, or why there is none. */
async function compose(
  { id, name, content }: DueLetter,
  { sealer, stationery, logger }: DeliveryOptions,
): Promise<Message | Carried> {
  try {
    const opened = openContent(sealer, { id, content: content ?? '' });
    return await composeLetter({ name, content: opened }, stationery);
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    logger.error(
      { event: 'mail.not_written', id, letter: name, error: cause },
      'a letter could not be written: is its template in pages.themeFolder at fault?',
    );
    // A master key does not come back by itself; a template may be mended.
    return error instanceof SealBroken
      ? { kind: 'refused', code: 'ESEALED' }
      : { kind: 'later', code: 'ETEMPLATE' };
  }
}

function settlementOf(
  carried: Carried,
  { name, tries, now }: { readonly name: string; readonly tries: number; readonly now: number },
): Settlement {
  switch (carried.kind) {
    case 'taken':
      return { state: 'sent', at: now };
    case 'refused':
      return { state: 'failed', at: now, code: carried.code };
    case 'later':
      return { state: 'waiting', nextTryAt: nextTryAt(tries, now, name), code: carried.code };
  }
}
