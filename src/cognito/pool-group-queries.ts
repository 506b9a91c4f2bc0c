import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { CognitoGroupTable } from '../storage/tables.ts';

export function poolGroup(
  queries: Queries,
  poolId: string,
  name: string,
): Compilable<CognitoGroupTable> {
  return queries
    .selectFrom('cognito_group')
    .selectAll()
    .where('pool_id', '=', poolId)
    .where('name', '=', name);
}

export function poolGroupsOf(queries: Queries, poolId: string): Compilable<CognitoGroupTable> {
  return queries.selectFrom('cognito_group').selectAll().where('pool_id', '=', poolId);
}

/** What was said before is forgotten. */
export function putPoolGroup(queries: Queries, row: CognitoGroupTable): Compilable {
  const { pool_id: _pool, name: _name, ...said } = row;
  return queries
    .insertInto('cognito_group')
    .values(row)
    .onConflict((conflict) => conflict.columns(['pool_id', 'name']).doUpdateSet(said));
}

export function deletePoolGroup(queries: Queries, name: string): Compilable {
  return queries.deleteFrom('cognito_group').where('name', '=', name);
}
