import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { AccountPermissionTable } from '../storage/tables.ts';

/** Changes nothing when it is there. */
export function insertPermission(queries: Queries, row: AccountPermissionTable): Compilable {
  return queries
    .insertInto('account_permission')
    .values(row)
    .onConflict((conflict) => conflict.doNothing());
}

export function deletePermission(
  queries: Queries,
  { account_id, api, name }: AccountPermissionTable,
): Compilable {
  return queries
    .deleteFrom('account_permission')
    .where('account_id', '=', account_id)
    .where('api', '=', api)
    .where('name', '=', name);
}

/** From everybody. */
export function deletePermissionsAt(queries: Queries, api: string): Compilable {
  return queries.deleteFrom('account_permission').where('api', '=', api);
}
