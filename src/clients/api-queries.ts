import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { ApiTable } from '../storage/tables.ts';

export function allApis(queries: Queries): Compilable<ApiTable> {
  return queries.selectFrom('api').selectAll().orderBy('identifier');
}

export function apiByIdentifier(queries: Queries, identifier: string): Compilable<ApiTable> {
  return queries.selectFrom('api').selectAll().where('identifier', '=', identifier);
}

export function insertApi(queries: Queries, row: ApiTable): Compilable {
  return queries.insertInto('api').values(row);
}

/** Only while its settings are what they were read as. */
export function replaceApi(
  queries: Queries,
  { identifier, settings: before }: ApiTable,
  change: Pick<ApiTable, 'settings' | 'updated_at'>,
): Compilable {
  return queries
    .updateTable('api')
    .set(change)
    .where('identifier', '=', identifier)
    .where('settings', '=', before);
}

export function deleteApi(queries: Queries, identifier: string): Compilable {
  return queries.deleteFrom('api').where('identifier', '=', identifier);
}
