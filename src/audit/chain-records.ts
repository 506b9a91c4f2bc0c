import type { Compilable } from 'kysely';
import { z } from 'zod';
import { compiledOnce } from '../storage/compiled-once.ts';
import type { Records } from '../storage/records.ts';
import type { AuditTable } from '../storage/tables.ts';
import { parsedJson } from './canonical-json.ts';
import { NO_HEAD, type Head } from './chain.ts';

/** The names in `installation` under which the heads of chains are kept a second time. */
export const HEAD_PREFIX = 'audit.head:';

const storedHead = z.object({ number: z.int(), hash: z.string() });

/** Rows of one statement. Three shapes, so that neither we nor the engine compile one for every length. */
const ROWS_AT_ONCE = [64, 8, 1] as const;
const SAMPLE: AuditTable = {
  node: '',
  number: 0,
  at: 0,
  type: '',
  account_id: null,
  client_id: null,
  site: null,
  event: '',
  hash: '',
};

/** The statements that put `rows` behind a chain and move its kept head, for one transaction. */
export type Appending = (rows: readonly AuditTable[]) => readonly Compilable[];

/** Prepares the statements once. */
export function createAppending({ queries }: Pick<Records, 'queries'>): Appending {
  const shapes = ROWS_AT_ONCE.map((count) => ({
    count,
    insert: compiledOnce(
      queries.insertInto('audit').values(Array.from({ length: count }, () => SAMPLE)),
    ),
  }));
  const moveHead = compiledOnce(
    queries
      .insertInto('installation')
      .values({ name: '', value: '' })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: '' })),
  );

  function inserting(rows: readonly AuditTable[]): readonly Compilable[] {
    let rest = rows;
    return shapes.flatMap(({ count, insert }) => {
      const statements: Compilable[] = [];
      for (; rest.length >= count; rest = rest.slice(count))
        statements.push(insert(rest.slice(0, count).flatMap(valuesOf)));
      return statements;
    });
  }

  return (rows) => {
    const last = rows.at(-1);
    if (last === undefined) return [];
    const value = JSON.stringify({ number: last.number, hash: last.hash });
    return [...inserting(rows), moveHead([HEAD_PREFIX + last.node, value, value])];
  };
}

/** In the order of the columns of `SAMPLE`. */
function valuesOf(row: AuditTable): readonly unknown[] {
  const { node, number, at, type, account_id: account, client_id: client, site } = row;
  return [node, number, at, type, account, client, site, row.event, row.hash];
}

/**
 * Where to continue the chain of `node`: the further of its last event and its kept head. A chain
 * whose tail was cut away goes on behind the kept head, so that the hole stays to be found.
 */
export async function readHead(records: Records, node: string): Promise<Head> {
  const [kept, last] = await Promise.all([readKeptHead(records, node), readLast(records, node)]);
  return (kept?.number ?? 0) > last.number && kept !== undefined ? kept : last;
}

/** The head that `installation` keeps; undefined: none, or not readable any more. */
export async function readKeptHead(records: Records, node: string): Promise<Head | undefined> {
  const row = await records.first(
    records.queries
      .selectFrom('installation')
      .select('value')
      .where('name', '=', HEAD_PREFIX + node),
  );
  return storedHead.safeParse(row && parsedJson(row.value)).data;
}

/** True: this very row was written, by the attempt whose answer was lost. */
export async function isWritten(records: Records, row: AuditTable): Promise<boolean> {
  const found = await records.first(
    records.queries
      .selectFrom('audit')
      .select('hash')
      .where('node', '=', row.node)
      .where('number', '=', row.number),
  );
  return found?.hash === row.hash;
}

async function readLast(records: Records, node: string): Promise<Head> {
  const row = await records.first(
    records.queries
      .selectFrom('audit')
      .select(['number', 'hash'])
      .where('node', '=', node)
      .orderBy('number', 'desc')
      .limit(1),
  );
  return row ? { number: row.number, hash: row.hash } : NO_HEAD;
}
