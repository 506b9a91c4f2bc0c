import type { Clock } from '../runtime/clock.ts';
import type { Records } from '../storage/records.ts';
import type { Belongings, Deeds } from './account-deeds.ts';
import {
  deleteAccount,
  disableAccount,
  enableAccount,
  lockAccount,
  retireAccount,
  setExpiry,
  unlockAccount,
} from './account-queries.ts';
import type { Accounts } from './accounts.ts';

export interface AccountLifeOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly deeds: Deeds;
  /** Of a deleted account. */
  readonly belongings: readonly Belongings[];
  /** Of a locked one. */
  readonly distrust: readonly Belongings[];
}

type Life = Pick<Accounts, 'disable' | 'enable' | 'lock' | 'unlock' | 'setExpiry' | 'delete'>;

/** From active to gone, and back where there is a way back. */
export function createAccountLife(options: AccountLifeOptions): Life {
  const { records, clock, deeds, belongings, distrust } = options;
  const { queries } = records;

  return {
    disable: (id, actor) =>
      deeds.changeAndTakeBack(disableAccount(queries, id, clock.now()), {
        id,
        type: 'account.disabled',
        actor,
      }),

    async enable(id, actor) {
      const row = await deeds.row(id);
      if (row === undefined) return false;
      const deed = { id, type: 'account.enabled', actor } as const;
      if (!(await deeds.change(enableAccount(queries, id), deed))) return false;
      await deeds.forgive(row);
      return true;
    },

    lock: (id, actor) =>
      deeds.changeAndTakeBack(
        lockAccount(queries, id, clock.now()),
        { id, type: 'account.locked', actor },
        distrust,
      ),

    unlock: (id, actor) =>
      deeds.change(unlockAccount(queries, id), { id, type: 'account.unlocked', actor }),

    async setExpiry(id, expiresAt, actor) {
      const isOver = expiresAt !== undefined && expiresAt <= clock.now();
      const statement = setExpiry(queries, id, {
        expires_at: expiresAt ?? null,
        // Told below; else `expiry.ts` tells it when the time has come.
        expiry_told_at: isOver ? clock.now() : null,
      });
      const deed = { id, type: 'account.expiry_set', actor } as const;
      return await (isOver
        ? deeds.changeAndTakeBack(statement, deed)
        : deeds.change(statement, deed));
    },

    async delete(id, actor) {
      if ((await deeds.row(id)) === undefined) return false;
      const [deleted] = await records.write(
        deleteAccount(queries, id),
        retireAccount(queries, id, clock.now()),
        ...belongings.flatMap((statementsFor) => statementsFor(queries, id)),
      );
      if (deleted?.rowsAffected !== 1) return false;
      await deeds.takeBack({ id, type: 'account.deleted', actor });
      return true;
    },
  };
}
