import type { Compilable } from 'kysely';
import type { Queries } from '../../storage/records.ts';

type Row = { readonly name: string; readonly value: string };

export function connectionNamed(
  queries: Queries,
  name: string,
): Compilable<{ readonly value: string }> {
  return queries.selectFrom('installation').select('value').where('name', '=', name);
}

export function insertConnection(queries: Queries, row: Row): Compilable {
  return queries.insertInto('installation').values(row);
}

/** Only while it is as it was read. */
export function updateConnection(queries: Queries, { name, value }: Row, seen: string): Compilable {
  return queries
    .updateTable('installation')
    .set({ value })
    .where('name', '=', name)
    .where('value', '=', seen);
}
