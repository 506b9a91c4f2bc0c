import type { Compilable } from 'kysely';
import type { ClientBase, Pool } from 'pg';
import type { Written } from '../records.ts';
import { isConnectionLost } from './errors.ts';
import { inTransaction, untilUndisturbed } from './transaction.ts';

/** Runs statements on `pool`, each for `limitMs` at most while others stand in its way. */
export interface Statements {
  /** The rows of `query`. */
  read<Row>(query: Compilable<Row>): Promise<readonly Row[]>;
  /** Runs `statements` in order, all of them or none. */
  write(statements: readonly Compilable[]): Promise<readonly Written[]>;
}

export function createStatements(pool: Pool, limitMs: number): Statements {
  return {
    read: (query) => readRows(pool, query),
    write: async (statements) => {
      if (statements.length === 0) return [];
      return await untilUndisturbed(limitMs, () => writeOnce(pool, statements));
    },
  };
}

async function readRows<Row>(pool: Pool, query: Compilable<Row>): Promise<readonly Row[]> {
  const readOnce = async (): Promise<readonly Row[]> => {
    const { rows } = await run(pool, query);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Kysely derived `Row` from this very statement.
    return rows as unknown as readonly Row[];
  };
  try {
    return await readOnce();
  } catch (error) {
    // A restart of PostgreSQL leaves dead connections in the pool. To read twice harms nobody.
    const isRepeatable = query.compile().query.kind === 'SelectQueryNode';
    if (!isRepeatable || !isConnectionLost(error)) throw error;
    return await readOnce();
  }
}

async function writeOnce(pool: Pool, statements: readonly Compilable[]): Promise<Written[]> {
  const [only, ...more] = statements;
  // One statement is a transaction by itself.
  if (only && more.length === 0) return [await run(pool, only)];
  return await inTransaction(pool, async (client) => {
    const written: Written[] = [];
    for (const statement of statements) written.push(await run(client, statement));
    return written;
  });
}

/** Runs one statement on any connection of the pool, or on the one given. */
export async function run(on: Pool | ClientBase, statement: Compilable): Promise<Written> {
  const { sql, parameters } = statement.compile();
  const { rowCount, rows } = await on.query<Record<string, unknown>>(sql, [...parameters]);
  return { rowsAffected: rowCount ?? 0, rows };
}
