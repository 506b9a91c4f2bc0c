import type { Compilable } from 'kysely';
import type { Records } from '../storage/records.ts';
import type { LetterTable } from '../storage/tables.ts';
import { TEXT_MESSAGE } from './text-messages.ts';

const NO_CLAIM = 0;
const GIVEN_UP_MAX = 100;

/** A letter as the post finds it. */
export type DueLetter = Pick<
  LetterTable,
  'id' | 'recipient' | 'name' | 'content' | 'tries' | 'claimed_until' | 'gives_up_at'
>;

/** Which try of which letter is ours. */
export interface Claim {
  readonly id: string;
  readonly claimedUntil: number;
}

/** How a try ended: the columns that change with it. */
export type Settlement =
  | { readonly state: 'sent'; readonly at: number }
  | { readonly state: 'failed'; readonly at: number; readonly code: string }
  | { readonly state: 'waiting'; readonly nextTryAt: number; readonly code: string };

/** The ways out of the house, each with a post of its own: one that is held up does not hold up the other. */
export type Way = 'mail' | 'sms';

/** The table `letter` as one post of one node works on it. Of several nodes, one wins each letter. */
export interface QueueRecords {
  /** What waits for this post, is due, and is in nobody's hands; the longest due first. */
  due(now: number, limit: number): Promise<readonly DueLetter[]>;
  /** False: another node was faster. */
  claim(letter: DueLetter, claimedUntil: number): Promise<boolean>;
  /** False: the claim was over, and the letter may be in other hands. */
  settle(claim: Claim, settlement: Settlement): Promise<boolean>;
  /** Gives up what has waited beyond its time; those that this node gave up. */
  giveUp(now: number, code: string): Promise<readonly Pick<LetterTable, 'id' | 'name'>[]>;
  /** Takes away what ended before `time`. */
  forget(time: number): Promise<void>;
  /** Of this post. */
  countWaiting(): Promise<number>;
}

export function createQueueRecords(records: Records, way: Way): QueueRecords {
  const { queries } = records;
  const waiting = queries
    .selectFrom('letter')
    .where('state', '=', 'waiting')
    .where('name', way === 'sms' ? '=' : '!=', TEXT_MESSAGE);
  const isChanged = createChanger(records);

  return {
    due: (now, limit) =>
      records.all(
        waiting
          .select(['id', 'recipient', 'name', 'content', 'tries', 'claimed_until', 'gives_up_at'])
          .where('next_try_at', '<=', now)
          .where('claimed_until', '<=', now)
          .where('gives_up_at', '>', now)
          .orderBy('next_try_at')
          .limit(limit),
      ),

    async claim({ id, tries, claimed_until: old }, claimedUntil) {
      const claiming = queries
        .updateTable('letter')
        .set({ claimed_until: claimedUntil, tries: tries + 1 })
        .where('id', '=', id)
        .where('state', '=', 'waiting')
        // The count of tries, since two claims of one second look alike.
        .where('tries', '=', tries)
        .where('claimed_until', '=', old);
      return isChanged(claiming);
    },

    async settle({ id, claimedUntil }, settlement) {
      const settling = queries
        .updateTable('letter')
        .set({ ...columnsOf(settlement), claimed_until: NO_CLAIM })
        .where('id', '=', id)
        .where('state', '=', 'waiting')
        .where('claimed_until', '=', claimedUntil);
      return isChanged(settling);
    },

    giveUp: createGivingUp(records),

    async forget(time) {
      await records.write(queries.deleteFrom('letter').where('ended_at', '<', time));
    },

    async countWaiting() {
      const row = await records.first(waiting.select(queries.fn.countAll().as('count')));
      return Number(row?.count ?? 0);
    },
  };
}

/** Runs a statement about one row. False: the row was not as the statement wants it. */
function createChanger(records: Records): (statement: Compilable) => Promise<boolean> {
  return async (statement) => (await records.write(statement))[0]?.rowsAffected === 1;
}

function createGivingUp(records: Records): QueueRecords['giveUp'] {
  const { queries } = records;
  const isChanged = createChanger(records);
  return async (now, code) => {
    const late = await records.all(
      queries
        .selectFrom('letter')
        .select(['id', 'name'])
        .where('state', '=', 'waiting')
        .where('gives_up_at', '<=', now)
        .where('claimed_until', '<=', now)
        .limit(GIVEN_UP_MAX),
    );
    const ours = await Promise.all(
      late.map(({ id }) =>
        isChanged(
          queries
            .updateTable('letter')
            .set(columnsOf({ state: 'failed', at: now, code }))
            .where('id', '=', id)
            .where('state', '=', 'waiting')
            .where('claimed_until', '<=', now),
        ),
      ),
    );
    return late.filter((_, index) => ours[index]);
  };
}

/** Whatever has ended holds no content any more. */
function columnsOf(settlement: Settlement): Partial<LetterTable> {
  switch (settlement.state) {
    case 'sent':
      return { state: 'sent', ended_at: settlement.at, content: null, last_error: null };
    case 'failed':
      return {
        state: 'failed',
        ended_at: settlement.at,
        content: null,
        last_error: settlement.code,
      };
    case 'waiting':
      return { next_try_at: settlement.nextTryAt, last_error: settlement.code };
  }
}
