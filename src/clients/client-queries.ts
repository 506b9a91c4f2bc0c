import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { ClientTable } from '../storage/tables.ts';

export function clientById(queries: Queries, id: string): Compilable<ClientTable> {
  return queries.selectFrom('client').selectAll().where('id', '=', id);
}

export function allClients(queries: Queries): Compilable<ClientTable> {
  return queries.selectFrom('client').selectAll().orderBy('id');
}

/** Every client with pairwise subjects, and whatever else has these words in its metadata. */
export function pairwiseClients(queries: Queries): Compilable<ClientTable> {
  return queries
    .selectFrom('client')
    .selectAll()
    .where('metadata', 'like', '%"subject_type":"pairwise"%');
}

export function insertClient(queries: Queries, row: ClientTable): Compilable {
  return queries.insertInto('client').values(row);
}

/** Only while the row is still the one that was read: of two changes at once, one starts over. */
export function replaceClient(queries: Queries, old: ClientTable, row: ClientTable): Compilable {
  return queries
    .updateTable('client')
    .set(row)
    .where('id', '=', old.id)
    .where('metadata', '=', old.metadata)
    .where('secret_hash', old.secret_hash === null ? 'is' : '=', old.secret_hash);
}

export function deleteClient(queries: Queries, id: string): Compilable {
  return queries.deleteFrom('client').where('id', '=', id);
}
