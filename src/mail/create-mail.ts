import type { Compilable } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { randomId } from '../runtime/random.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import { UnfitAddress, type Letter, type Mail } from './mail.ts';
import { isMailbox } from './mailbox.ts';
import { sealContent } from './sealed-content.ts';
import { givenUpAt } from './times.ts';
import { createWaker } from './waker.ts';

/** The topic on which nodes hear that a letter waits. */
export const MAIL_TOPIC = 'mail';

export interface MailOptions {
  readonly records: Records;
  readonly state: State;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The queue of letters. Nothing leaves through it: that is for the post of each node. */
export function createMail({ records, state, sealer, clock, logger }: MailOptions): Mail & {
  /** Tells the nodes of what was queued last. */
  close(): Promise<void>;
} {
  let lastMs = 0;
  const waker = createWaker({ clock, logger, wake: () => state.notify(MAIL_TOPIC) });

  /** Later than the one before also within one millisecond. */
  function arrivedMs(): number {
    lastMs = Math.max(clock.nowMs(), lastMs + 1);
    return lastMs;
  }

  function insert(letter: Letter): Compilable {
    // The address itself stays out of the message: errors are logged.
    if (!isMailbox(letter.to)) throw new UnfitAddress('not an address for one letter');
    const id = randomId();
    const now = clock.now();
    return records.queries.insertInto('letter').values({
      id,
      recipient: letter.to,
      name: letter.name,
      content: sealContent(sealer, { id, letter }),
      state: 'waiting',
      created_at: now,
      arrived_ms: arrivedMs(),
      next_try_at: now,
      gives_up_at: givenUpAt(letter, now),
      claimed_until: 0,
      tries: 0,
      ended_at: null,
      last_error: null,
    });
  }

  return {
    queue(letter) {
      const statement = insert(letter);
      waker.soon();
      return statement;
    },
    async send(letter) {
      await records.write(insert(letter));
      await waker.now();
    },
    close: waker.close,
  };
}
