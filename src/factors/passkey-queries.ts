import type { Compilable } from 'kysely';
import { compiledFor } from '../storage/compiled-once.ts';
import type { Queries } from '../storage/records.ts';
import type { PasskeyTable } from '../storage/tables.ts';

export function passkeyById(queries: Queries, id: string): Compilable<PasskeyTable> {
  return queries.selectFrom('passkey').selectAll().where('id', '=', id);
}

const allOf = compiledFor((queries) =>
  queries
    .selectFrom('passkey')
    .selectAll()
    .where('account_id', '=', '')
    .orderBy('created_at')
    .orderBy('id'),
);

export function passkeysOf(queries: Queries, accountId: string): Compilable<PasskeyTable> {
  return allOf(queries, accountId);
}

export function insertPasskey(queries: Queries, row: PasskeyTable): Compilable {
  return queries.insertInto('passkey').values(row);
}

/**
 * Notes a use, for a counter that went on alone; a passkey that does not count says 0 for ever. Of several uses that
 * say the same number one changes the row (WebAuthn level 3 section 6.1.1).
 */
export function noteUse(
  queries: Queries,
  use: {
    readonly id: string;
    readonly counter: number;
    readonly backedUp: boolean;
    readonly at: number;
  },
): Compilable {
  return queries
    .updateTable('passkey')
    .set({ counter: use.counter, backed_up: use.backedUp ? 1 : 0, last_used_at: use.at })
    .where('id', '=', use.id)
    .where((where) =>
      use.counter === 0 ? where('counter', '=', 0) : where('counter', '<', use.counter),
    );
}

export function renamePasskey(
  queries: Queries,
  which: { readonly accountId: string; readonly id: string },
  name: string,
): Compilable {
  return queries
    .updateTable('passkey')
    .set({ name })
    .where('id', '=', which.id)
    .where('account_id', '=', which.accountId);
}

export function deletePasskey(queries: Queries, accountId: string, id: string): Compilable {
  return queries.deleteFrom('passkey').where('account_id', '=', accountId).where('id', '=', id);
}

export function deletePasskeys(queries: Queries, accountId: string): Compilable {
  return queries.deleteFrom('passkey').where('account_id', '=', accountId);
}
