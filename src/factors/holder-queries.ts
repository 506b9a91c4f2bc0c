import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { FactorHolderTable } from '../storage/tables.ts';

/**
 * Makes the person a holder of factors, or changes nothing but holds their row until the batch is written: of two
 * batches about one person that begin with this, the second waits for the first on PostgreSQL, too.
 */
export function holdHolder(queries: Queries, row: FactorHolderTable): Compilable {
  return queries
    .insertInto('factor_holder')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('account_id').doUpdateSet({ account_id: row.account_id }),
    );
}

export function holderOf(queries: Queries, accountId: string): Compilable<FactorHolderTable> {
  return queries.selectFrom('factor_holder').selectAll().where('account_id', '=', accountId);
}

export function deleteHolder(queries: Queries, accountId: string): Compilable {
  return queries.deleteFrom('factor_holder').where('account_id', '=', accountId);
}
