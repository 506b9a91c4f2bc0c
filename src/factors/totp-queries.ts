import type { Compilable } from 'kysely';
import { compiledFor } from '../storage/compiled-once.ts';
import type { Queries } from '../storage/records.ts';
import type { TotpTable } from '../storage/tables.ts';

const appOf = compiledFor((queries) =>
  queries.selectFrom('totp').selectAll().where('account_id', '=', ''),
);

export function totpOf(queries: Queries, accountId: string): Compilable<TotpTable> {
  return appOf(queries, accountId);
}

/** In place of an earlier one, but of none that the same enrolment made: that code was used. */
export function putTotp(queries: Queries, row: TotpTable): Compilable {
  const { account_id: _accountId, ...changing } = row;
  return queries
    .insertInto('totp')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column('account_id')
        .doUpdateSet(changing)
        .where('totp.enrolment', '!=', row.enrolment),
    );
}

/** Changes a row for one caller alone, however many have the same code. */
export function useStep(
  queries: Queries,
  { account_id: accountId, enrolment }: TotpTable,
  use: { readonly step: number; readonly at: number },
): Compilable {
  return queries
    .updateTable('totp')
    .set({ last_step: use.step, last_used_at: use.at })
    .where('account_id', '=', accountId)
    .where('enrolment', '=', enrolment)
    .where('last_step', '<', use.step);
}

export function deleteTotp(queries: Queries, accountId: string): Compilable {
  return queries.deleteFrom('totp').where('account_id', '=', accountId);
}

/** In the order of accounts, from the one after `after`. */
export function totpsAfter(
  queries: Queries,
  page: { readonly after: string; readonly limit: number },
): Compilable<TotpTable> {
  return queries
    .selectFrom('totp')
    .selectAll()
    .where('account_id', '>', page.after)
    .orderBy('account_id')
    .limit(page.limit);
}

/** Only while the sealed secret is still the one that was opened. */
export function replaceSealed(queries: Queries, old: TotpTable, sealed: string): Compilable {
  return queries
    .updateTable('totp')
    .set({ secret_sealed: sealed })
    .where('account_id', '=', old.account_id)
    .where('secret_sealed', '=', old.secret_sealed);
}
