import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CompiledQuery } from 'kysely';
import type { Bound, Statement, StatementResult } from './operation.ts';

/** Compiled statements kept: more than the program has, few enough that lists of any length cannot pile up. */
const KEPT = 200;

/** Statements by their SQL, compiled once; the one unused for longest makes room. */
export function createStatements(connection: DatabaseSync): (sql: string) => StatementSync {
  const kept = new Map<string, StatementSync>();
  return (sql) => {
    const statement = kept.get(sql) ?? connection.prepare(sql);
    kept.delete(sql);
    kept.set(sql, statement);
    if (kept.size > KEPT) for (const oldest of kept.keys()) return drop(kept, oldest, statement);
    return statement;
  };
}

/** Runs statements in order, inside whatever transaction is open. */
export function runStatements(
  prepare: (sql: string) => StatementSync,
  statements: readonly Statement[],
): readonly StatementResult[] {
  return statements.map(({ sql, parameters }) => {
    const statement = prepare(sql);
    if (statement.columns().length === 0) {
      return { rowsAffected: Number(statement.run(...parameters).changes), rows: [] };
    }
    // A `returning` clause gives one row for each row that was written.
    const rows = statement.all(...parameters);
    return { rowsAffected: rows.length, rows };
  });
}

/** A statement that Kysely compiled, ready to cross to the writer. */
export function toStatement({ sql, parameters }: CompiledQuery): Statement {
  return { sql, parameters: parameters.map(toBound) };
}

function toBound(value: unknown): Bound {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return value;
  throw new TypeError(`a column holds text, numbers or null, not ${typeof value}`);
}

function drop(
  kept: Map<string, StatementSync>,
  oldest: string,
  statement: StatementSync,
): StatementSync {
  kept.delete(oldest);
  return statement;
}
