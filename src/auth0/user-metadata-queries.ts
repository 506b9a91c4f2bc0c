import type { Compilable } from 'kysely';
import type { Belongings } from '../accounts/account-deeds.ts';
import type { Queries } from '../storage/records.ts';
import type { Auth0UserTable } from '../storage/tables.ts';

export function metadataOf(
  queries: Queries,
  accountIds: readonly string[],
): Compilable<Auth0UserTable> {
  return queries
    .selectFrom('auth0_user')
    .selectAll()
    .where('account_id', 'in', [...accountIds]);
}

/** For an account that is being made. */
export function insertMetadata(queries: Queries, row: Auth0UserTable): Compilable {
  return queries.insertInto('auth0_user').values(row);
}

/** Only while there is an account, and nobody else has written meanwhile. */
export function beginMetadata(queries: Queries, row: Auth0UserTable): Compilable {
  return queries
    .insertInto('auth0_user')
    .columns(['account_id', 'user_metadata', 'app_metadata', 'updated_at'])
    .expression(
      queries
        .selectFrom('account')
        .select(({ val }) => [
          'id',
          val(row.user_metadata).as('user_metadata'),
          val(row.app_metadata).as('app_metadata'),
          val(row.updated_at).as('updated_at'),
        ])
        .where('id', '=', row.account_id),
    )
    .onConflict((conflict) => conflict.doNothing());
}

/** Only while nobody else has written meanwhile. */
export function changeMetadata(
  queries: Queries,
  { before, after }: { readonly before: Auth0UserTable; readonly after: Auth0UserTable },
): Compilable {
  const { user_metadata, app_metadata, updated_at } = after;
  return queries
    .updateTable('auth0_user')
    .set({ user_metadata, app_metadata, updated_at })
    .where('account_id', '=', before.account_id)
    .where('user_metadata', '=', before.user_metadata)
    .where('app_metadata', '=', before.app_metadata);
}

/** Goes with the account. */
export const deleteMetadata: Belongings = (queries, accountId) => [
  queries.deleteFrom('auth0_user').where('account_id', '=', accountId),
];
