import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { CognitoDomainTable } from '../storage/tables.ts';

export function domainByName(queries: Queries, name: string): Compilable<CognitoDomainTable> {
  return queries.selectFrom('cognito_domain').selectAll().where('domain', '=', name);
}

export function domainsOfPool(queries: Queries, poolId: string): Compilable<CognitoDomainTable> {
  return queries.selectFrom('cognito_domain').selectAll().where('pool_id', '=', poolId);
}

export function insertDomain(queries: Queries, row: CognitoDomainTable): Compilable {
  return queries.insertInto('cognito_domain').values(row);
}

export function updateDomain(
  queries: Queries,
  { domain, pool_id, settings }: CognitoDomainTable,
): Compilable {
  return queries
    .updateTable('cognito_domain')
    .set({ settings })
    .where('domain', '=', domain)
    .where('pool_id', '=', pool_id);
}

export function deleteDomain(queries: Queries, name: string, poolId: string): Compilable {
  return queries
    .deleteFrom('cognito_domain')
    .where('domain', '=', name)
    .where('pool_id', '=', poolId);
}
