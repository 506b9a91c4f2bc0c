import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Actor } from '../runtime/origin.ts';
import { randomId } from '../runtime/random.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import type { Carried } from './carrier.ts';
import { composeLetter, type Stationery } from './compose-letter.ts';
import type { MailConfig } from './config.ts';
import { MAIL_TOPIC } from './create-mail.ts';
import { UnfitAddress } from './mail.ts';
import { isMailbox } from './mailbox.ts';
import { resealLetters } from './reseal-letters.ts';
import { createSmtpCarrier } from './smtp.ts';

/** A letter as its operator sees it: all but what it said. */
export interface ListedLetter {
  readonly id: string;
  readonly to: string;
  readonly name: string;
  readonly state: 'waiting' | 'sent' | 'failed';
  readonly createdAt: number;
  readonly tries: number;
  /** When it is tried again; undefined: it has ended. */
  readonly nextTryAt: number | undefined;
  readonly endedAt: number | undefined;
  /** How the last try failed; undefined: none did. */
  readonly error: string | undefined;
}

/** What operators do with letters. */
export interface MailAdministration {
  /** The newest first. */
  list(limit: number): Promise<readonly ListedLetter[]>;
  /** Makes what waits be tried at once: one letter, or all. Gives how many. */
  retry(id: string | undefined, actor: Actor): Promise<number>;
  /**
   * Sends a letter past the queue, and gives the answer of the mail server.
   *
   * @throws {NoMailServer} {UnfitAddress}
   */
  test(to: string, actor: Actor): Promise<Carried>;
  /** Seals what letters say anew under the first master key of `next`. Gives their number. */
  reseal(next: Sealer): Promise<number>;
}

export interface MailAdministrationOptions {
  readonly records: Records;
  readonly state: State;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly settings: MailConfig;
  /** Of the installation. */
  readonly name: string;
  /** Templates are read only when a letter is to be written. */
  readonly openStationery: () => Promise<Stationery>;
}

/** There is no mail server to send by. */
export class NoMailServer extends LatchkeyError {
  readonly code = 'ERR_NO_MAIL_SERVER';
}

export function createMailAdministration(options: MailAdministrationOptions): MailAdministration {
  const { records, state, clock, audit } = options;
  const { queries } = records;
  return {
    async list(limit) {
      const newest = queries.selectFrom('letter').selectAll().orderBy('created_at', 'desc');
      const rows = await records.all(newest.orderBy('arrived_ms', 'desc').limit(limit));
      return rows.map((row) => ({
        id: row.id,
        to: row.recipient,
        name: row.name,
        state: row.state,
        createdAt: row.created_at,
        tries: row.tries,
        nextTryAt: row.state === 'waiting' ? row.next_try_at : undefined,
        endedAt: row.ended_at ?? undefined,
        error: row.last_error ?? undefined,
      }));
    },

    async retry(id, { by, origin }) {
      const waiting = queries
        .updateTable('letter')
        .set({ next_try_at: clock.now() })
        .where('state', '=', 'waiting');
      const hurried = id === undefined ? waiting : waiting.where('id', '=', id);
      const [written] = await records.write(hurried);
      const letters = written?.rowsAffected ?? 0;
      await audit.record({ type: 'mail.retried', letters, by, origin });
      await state.notify(MAIL_TOPIC);
      return letters;
    },

    async test(to, { by, origin }) {
      if (!isMailbox(to)) throw new UnfitAddress('not an address for one letter');
      const carried = await sendTest(to, options);
      const result = carried.kind === 'taken' ? carried.kind : carried.code;
      await audit.record({ type: 'mail.tested', by, result, origin });
      return carried;
    },

    reseal: (next) => resealLetters(records, { from: options.sealer, to: next }),
  };
}

async function sendTest(to: string, options: MailAdministrationOptions): Promise<Carried> {
  const { clock, settings, name, openStationery } = options;
  if (settings.smtp.host === undefined)
    throw new NoMailServer('mail.smtp.host is not set: there is no mail server to send by');
  const content = { data: { at: clock.now() }, languages: [] };
  const message = await composeLetter({ name: 'test', content }, await openStationery());
  const carrier = await createSmtpCarrier({ settings, name });
  try {
    return await carrier.carry({ id: randomId(), to, message });
  } finally {
    await carrier.close();
  }
}
