import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { CognitoClientTable, CognitoPoolTable } from '../storage/tables.ts';

export function poolById(queries: Queries, id: string): Compilable<CognitoPoolTable> {
  return queries.selectFrom('cognito_pool').selectAll().where('id', '=', id);
}

export function allPools(queries: Queries): Compilable<CognitoPoolTable> {
  return queries.selectFrom('cognito_pool').selectAll().orderBy('id');
}

export function insertPool(queries: Queries, row: CognitoPoolTable): Compilable {
  return queries.insertInto('cognito_pool').values(row);
}

/** Only while its settings are what they were read as. */
export function updatePool(
  queries: Queries,
  { id, settings, updated_at }: Pick<CognitoPoolTable, 'id' | 'settings' | 'updated_at'>,
  before: string,
): Compilable {
  return queries
    .updateTable('cognito_pool')
    .set({ settings, updated_at })
    .where('id', '=', id)
    .where('settings', '=', before);
}

/** The pool, with all that it has beside its users, who are accounts and end one by one. */
export function deletePool(queries: Queries, id: string): readonly Compilable[] {
  return [
    queries.deleteFrom('cognito_pool').where('id', '=', id),
    queries.deleteFrom('cognito_client').where('pool_id', '=', id),
    queries.deleteFrom('cognito_resource_server').where('pool_id', '=', id),
    queries.deleteFrom('cognito_domain').where('pool_id', '=', id),
    queries.deleteFrom('cognito_group').where('pool_id', '=', id),
  ];
}

export function clientById(queries: Queries, id: string): Compilable<CognitoClientTable> {
  return queries.selectFrom('cognito_client').selectAll().where('id', '=', id);
}

export function clientsOfPool(queries: Queries, poolId: string): Compilable<CognitoClientTable> {
  return queries
    .selectFrom('cognito_client')
    .selectAll()
    .where('pool_id', '=', poolId)
    .orderBy('id');
}

export function insertClient(queries: Queries, row: CognitoClientTable): Compilable {
  return queries.insertInto('cognito_client').values(row);
}

export function updateClient(
  queries: Queries,
  { id, settings, updated_at }: Pick<CognitoClientTable, 'id' | 'settings' | 'updated_at'>,
): Compilable {
  return queries.updateTable('cognito_client').set({ settings, updated_at }).where('id', '=', id);
}

export function sealedClients(queries: Queries): Compilable<CognitoClientTable> {
  return queries.selectFrom('cognito_client').selectAll().where('secret_sealed', 'is not', null);
}

/** Only while it is what it was read as. */
export function replaceSecret(
  queries: Queries,
  { id, before, sealed }: { readonly id: string; readonly before: string; readonly sealed: string },
): Compilable {
  return queries
    .updateTable('cognito_client')
    .set({ secret_sealed: sealed })
    .where('id', '=', id)
    .where('secret_sealed', '=', before);
}

export function deleteClient(queries: Queries, id: string): Compilable {
  return queries.deleteFrom('cognito_client').where('id', '=', id);
}
