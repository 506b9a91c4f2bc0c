import type { Compilable } from 'kysely';
import type { Records } from '../storage/records.ts';
import type { HookCallTable } from '../storage/tables.ts';

const NOBODY = 0;

/** A call in the hands of a node. */
export type TakenCall = HookCallTable;

/** The table `hook_call` as one node works on it. Of several nodes, one wins each call. */
export interface CallRecords {
  /** Adds a call. */
  insert(
    call: Pick<HookCallTable, 'id' | 'url' | 'type' | 'event' | 'gives_up_at'>,
    now: number,
  ): Promise<void>;
  /** Takes what is due and in nobody's hands, the longest due first. */
  take(now: number, claimedUntil: number, limit: number): Promise<readonly TakenCall[]>;
  /** Puts a call back until `nextTryAt`. */
  postpone(call: TakenCall, nextTryAt: number): Promise<void>;
  /** False: the call was no longer ours. */
  end(call: TakenCall): Promise<boolean>;
  /** Takes away what no longer holds; those that this node took away. */
  expire(now: number): Promise<readonly TakenCall[]>;
}

export function createCallRecords(records: Records): CallRecords {
  const { queries } = records;
  const waiting = queries.selectFrom('hook_call').selectAll();
  const { claim, end, postpone } = createOwnership(records);

  return {
    async insert(call, now) {
      const row = { ...call, created_at: now, next_try_at: now, claimed_until: NOBODY, tries: 0 };
      await records.write(queries.insertInto('hook_call').values(row));
    },
    async take(now, claimedUntil, limit) {
      const due = await records.all(
        waiting
          .where('next_try_at', '<=', now)
          .where('claimed_until', '<=', now)
          .where('gives_up_at', '>', now)
          .orderBy('next_try_at')
          .limit(limit),
      );
      const taken = await Promise.all(due.map((call) => claim(call, claimedUntil)));
      return taken.filter((call) => call !== undefined);
    },
    postpone,
    end,
    async expire(now) {
      const late = await records.all(
        waiting.where('gives_up_at', '<=', now).where('claimed_until', '<=', now),
      );
      const ours = await Promise.all(late.map(end));
      return late.filter((_, index) => ours[index]);
    },
  };
}

/** What changes a call only if it is still as it was read: the count of tries tells two claims of one second apart. */
function createOwnership(records: Records): Pick<CallRecords, 'end' | 'postpone'> & {
  claim(call: TakenCall, claimedUntil: number): Promise<TakenCall | undefined>;
} {
  const { queries } = records;
  const isChanged = async (statement: Compilable): Promise<boolean> =>
    (await records.write(statement))[0]?.rowsAffected === 1;
  const update = (
    { id, tries, claimed_until: claimedUntil }: TakenCall,
    change: Partial<HookCallTable>,
  ): Promise<boolean> =>
    isChanged(
      queries
        .updateTable('hook_call')
        .set(change)
        .where('id', '=', id)
        .where('tries', '=', tries)
        .where('claimed_until', '=', claimedUntil),
    );

  return {
    async claim(call, claimedUntil) {
      const claimed = { claimed_until: claimedUntil, tries: call.tries + 1 };
      return (await update(call, claimed)) ? { ...call, ...claimed } : undefined;
    },
    async postpone(call, nextTryAt) {
      await update(call, { next_try_at: nextTryAt, claimed_until: NOBODY });
    },
    end: ({ id, tries, claimed_until: claimedUntil }) =>
      isChanged(
        queries
          .deleteFrom('hook_call')
          .where('id', '=', id)
          .where('tries', '=', tries)
          .where('claimed_until', '=', claimedUntil),
      ),
  };
}
