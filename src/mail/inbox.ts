import type { Logger } from '../runtime/logger.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { LetterTable } from '../storage/tables.ts';
import { composeLetter, type Message, type Stationery } from './compose-letter.ts';
import { openContent } from './sealed-content.ts';

/** More than anybody reads; older ones make way. */
const LETTERS_MAX = 200;

/** A letter that stays in the house, opened. */
export interface InboxLetter extends Message {
  readonly id: string;
  readonly to: string;
  readonly name: string;
  /** When it was queued, a NumericDate. */
  readonly at: number;
}

/** The queue of an installation that sends nothing, as its developers read it. Never in production. */
export interface Inbox {
  /** The newest first; those to one address only, if one is given. */
  list(to?: string): Promise<readonly InboxLetter[]>;
  find(id: string): Promise<InboxLetter | undefined>;
  clear(): Promise<void>;
}

export interface InboxOptions {
  readonly records: Records;
  readonly sealer: Sealer;
  readonly stationery: Stationery;
  readonly logger: Logger;
  readonly isDev: boolean;
}

/** @throws {TypeError} outside of the dev profile: codes and links of everyone lie open in it. */
export function createInbox({ records, sealer, stationery, logger, isDev }: InboxOptions): Inbox {
  if (!isDev) throw new TypeError('an inbox outside of the dev profile');
  const { queries } = records;
  const waiting = queries.selectFrom('letter').selectAll().where('state', '=', 'waiting');

  async function open({
    id,
    recipient,
    name,
    content,
    created_at: at,
  }: LetterTable): Promise<readonly InboxLetter[]> {
    try {
      const opened = openContent(sealer, { id, content: content ?? '' });
      const message = await composeLetter({ name, content: opened }, stationery);
      return [{ ...message, id, to: recipient, name, at }];
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      logger.error(
        { event: 'mail.not_written', id, letter: name, error: cause },
        'a letter could not be written: is its template in pages.themeFolder at fault?',
      );
      return [];
    }
  }

  async function makeRoom(): Promise<void> {
    const [oldest] = await records.all(
      waiting
        .orderBy('created_at', 'desc')
        .orderBy('arrived_ms', 'desc')
        .offset(LETTERS_MAX - 1)
        .limit(1),
    );
    if (oldest !== undefined)
      await records.write(queries.deleteFrom('letter').where('created_at', '<', oldest.created_at));
  }

  return {
    async list(to) {
      await makeRoom();
      const wanted = to === undefined ? waiting : waiting.where('recipient', '=', to);
      const rows = await records.all(
        wanted.orderBy('created_at', 'desc').orderBy('arrived_ms', 'desc').limit(LETTERS_MAX),
      );
      return (await Promise.all(rows.map(open))).flat();
    },
    async find(id) {
      const row = await records.first(waiting.where('id', '=', id));
      return row && (await open(row))[0];
    },
    async clear() {
      await records.write(queries.deleteFrom('letter').where('state', '=', 'waiting'));
    },
  };
}
