import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { CognitoResourceServerTable } from '../storage/tables.ts';

export function resourceServer(
  queries: Queries,
  poolId: string,
  identifier: string,
): Compilable<CognitoResourceServerTable> {
  return queries
    .selectFrom('cognito_resource_server')
    .selectAll()
    .where('pool_id', '=', poolId)
    .where('identifier', '=', identifier);
}

export function resourceServersOf(
  queries: Queries,
  poolId: string,
): Compilable<CognitoResourceServerTable> {
  return queries.selectFrom('cognito_resource_server').selectAll().where('pool_id', '=', poolId);
}

export function insertResourceServer(
  queries: Queries,
  row: CognitoResourceServerTable,
): Compilable {
  return queries.insertInto('cognito_resource_server').values(row);
}

export function updateResourceServer(
  queries: Queries,
  { pool_id, identifier, name, scopes }: CognitoResourceServerTable,
): Compilable {
  return queries
    .updateTable('cognito_resource_server')
    .set({ name, scopes })
    .where('pool_id', '=', pool_id)
    .where('identifier', '=', identifier);
}

export function deleteResourceServer(
  queries: Queries,
  poolId: string,
  identifier: string,
): Compilable {
  return queries
    .deleteFrom('cognito_resource_server')
    .where('pool_id', '=', poolId)
    .where('identifier', '=', identifier);
}
