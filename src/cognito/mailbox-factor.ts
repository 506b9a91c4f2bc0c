import { MFA_NAMES, mfaOf } from './mfa.ts';
import type { Room } from './room.ts';
import { usersOfAccount } from './user-queries.ts';

/** Whether a pool that somebody is in asks them for codes by e-mail. */
export function createMailboxFactor({
  accounts,
  factors,
  pools,
  records,
}: Pick<Room, 'accounts' | 'factors' | 'pools' | 'records'>): (
  accountId: string,
) => Promise<boolean> {
  return async (accountId) => {
    const rows = await records.all(usersOfAccount(records.queries, accountId));
    const account = rows.length === 0 ? undefined : await accounts.find(accountId);
    if (account === undefined) return false;
    const asked = rows.map(async (row) => {
      const pool = await pools.find(row.pool_id);
      const mfa = pool && (await mfaOf({ pool, account, row }, factors));
      return mfa?.names.includes(MFA_NAMES.email);
    });
    return (await Promise.all(asked)).includes(true);
  };
}
