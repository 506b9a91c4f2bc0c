import type { Compilable } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { randomId } from '../runtime/random.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import { UnfitAddress, type Letter, type Mail } from './mail.ts';
import { isMailbox } from './mailbox.ts';
import { sealContent, type LetterContent } from './sealed-content.ts';
import { TEXT_MESSAGE, type TextQueue } from './text-messages.ts';
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

/** What takes letters and text messages. */
type Queue = Mail &
  TextQueue & {
    /** Tells the nodes of what was queued last. */
    close(): Promise<void>;
  };

/** What becomes a row of the queue. */
interface Queued {
  readonly to: string;
  readonly name: string;
  readonly content: LetterContent;
}

/** The queue of letters and text messages. Nothing leaves through it: that is for the post of each node. */
export function createMail({ records, state, sealer, clock, logger }: MailOptions): Queue {
  let lastMs = 0;
  const waker = createWaker({ clock, logger, wake: () => state.notify(MAIL_TOPIC) });

  /** Later than the one before also within one millisecond. */
  function arrivedMs(): number {
    lastMs = Math.max(clock.nowMs(), lastMs + 1);
    return lastMs;
  }

  function insert({ to, name, content }: Queued): Compilable {
    const id = randomId();
    const now = clock.now();
    return records.queries.insertInto('letter').values({
      id,
      recipient: to,
      name,
      content: sealContent(sealer, { id, content }),
      state: 'waiting',
      created_at: now,
      arrived_ms: arrivedMs(),
      next_try_at: now,
      gives_up_at: givenUpAt(content, now),
      claimed_until: 0,
      tries: 0,
      ended_at: null,
      last_error: null,
    });
  }

  async function write(queued: Queued): Promise<void> {
    await records.write(insert(queued));
    await waker.now();
  }

  return {
    queue(letter) {
      const statement = insert(queuedOf(letter));
      waker.soon();
      return statement;
    },
    send: async (letter) => await write(queuedOf(letter)),
    async sendText({ to, ...data }) {
      await write({ to, name: TEXT_MESSAGE, content: { data, languages: [] } });
    },
    close: waker.close,
  };
}

/** @throws {UnfitAddress} */
function queuedOf({ to, name, data, languages, own }: Letter): Queued {
  // The address itself stays out of the message: errors are logged.
  if (!isMailbox(to)) throw new UnfitAddress('not an address for one letter');
  return { to, name, content: { data: { ...data }, languages: [...languages], own } };
}
