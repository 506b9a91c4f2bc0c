import type { Compilable } from 'kysely';
import type { Queries } from '../../storage/records.ts';
import type { AccountTable } from '../../storage/tables.ts';
import type { Stretch } from './paging.ts';

/** By what all users can be sorted, and the column that each is. */
export const SORT_COLUMNS = {
  created_at: 'created_at',
  updated_at: 'updated_at',
  email: 'email_key',
  username: 'username_key',
  user_id: 'id',
} as const;

/** An order of users. */
export interface Order {
  readonly by: keyof typeof SORT_COLUMNS;
  readonly isDescending: boolean;
}

export function accountsBetween(
  queries: Queries,
  { start, limit }: Stretch,
  { by, isDescending }: Order,
): Compilable<AccountTable> {
  return queries
    .selectFrom('account')
    .selectAll()
    .orderBy(SORT_COLUMNS[by], isDescending ? 'desc' : 'asc')
    .orderBy('id')
    .offset(start)
    .limit(limit);
}

export function countAccounts(
  queries: Queries,
): Compilable<{ readonly count: number | string | bigint }> {
  return queries.selectFrom('account').select(({ fn }) => fn.countAll().as('count'));
}
