import type { Compilable } from 'kysely';
import { compiledFor } from '../storage/compiled-once.ts';
import type { Queries } from '../storage/records.ts';

export function insertRecoveryCodes(
  queries: Queries,
  accountId: string,
  hashes: readonly string[],
): Compilable {
  return queries
    .insertInto('recovery_code')
    .values(hashes.map((hash) => ({ account_id: accountId, code_hash: hash, used_at: null })));
}

/** Changes a row for one caller alone. */
export function useRecoveryCode(
  queries: Queries,
  use: { readonly accountId: string; readonly hash: string; readonly at: number },
): Compilable {
  return queries
    .updateTable('recovery_code')
    .set({ used_at: use.at })
    .where('account_id', '=', use.accountId)
    .where('code_hash', '=', use.hash)
    .where('used_at', 'is', null);
}

export function usedAt(
  queries: Queries,
  accountId: string,
  hash: string,
): Compilable<{ readonly used_at: number | null }> {
  return queries
    .selectFrom('recovery_code')
    .select('used_at')
    .where('account_id', '=', accountId)
    .where('code_hash', '=', hash);
}

const unusedOf = compiledFor((queries) =>
  queries
    .selectFrom('recovery_code')
    .select('code_hash')
    .where('account_id', '=', '')
    .where('used_at', 'is', null),
);

export function unusedRecoveryCodes(
  queries: Queries,
  accountId: string,
): Compilable<{ readonly code_hash: string }> {
  return unusedOf(queries, accountId);
}

export function deleteRecoveryCodes(queries: Queries, accountId: string): Compilable {
  return queries.deleteFrom('recovery_code').where('account_id', '=', accountId);
}
