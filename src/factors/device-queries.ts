import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { RememberedDeviceTable } from '../storage/tables.ts';

export function insertDevice(queries: Queries, row: RememberedDeviceTable): Compilable {
  return queries.insertInto('remembered_device').values(row);
}

export function deviceByToken(
  queries: Queries,
  accountId: string,
  tokenHash: string,
): Compilable<RememberedDeviceTable> {
  return queries
    .selectFrom('remembered_device')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('account_id', '=', accountId);
}

export function devicesOf(queries: Queries, accountId: string): Compilable<RememberedDeviceTable> {
  return queries
    .selectFrom('remembered_device')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at', 'desc')
    .orderBy('id');
}

export function touchDevice(queries: Queries, id: string, at: number): Compilable {
  return queries.updateTable('remembered_device').set({ last_used_at: at }).where('id', '=', id);
}

export function deleteDevice(queries: Queries, accountId: string, id: string): Compilable {
  return deleteDevices(queries, accountId).where('id', '=', id);
}

/** Those whose time is over, and of the others all but the last `kept`. */
export function tidyDevices(
  queries: Queries,
  accountId: string,
  { now, kept }: { readonly now: number; readonly kept: number },
): Compilable {
  const last = queries
    .selectFrom('remembered_device')
    .select('id')
    .where('account_id', '=', accountId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(kept);
  return deleteDevices(queries, accountId).where((where) =>
    where.or([where('expires_at', '<=', now), where('id', 'not in', last)]),
  );
}

export function deleteDevices(queries: Queries, accountId: string): ReturnType<typeof deleteFrom> {
  return deleteFrom(queries).where('account_id', '=', accountId);
}

function deleteFrom(queries: Queries) {
  return queries.deleteFrom('remembered_device');
}
