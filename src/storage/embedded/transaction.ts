import type { DatabaseSync } from 'node:sqlite';
import { faultOf, type Fault } from './faults.ts';
import type { Answer, Job, Operation, Outcome } from './operation.ts';
import { createStateWrites } from './state-writes.ts';
import { createStatements, runStatements } from './statements.ts';

/** Why a whole transaction was undone: none of its jobs has happened. */
export interface Undone {
  readonly undone: Fault;
  readonly message: string;
}

/** What became of a group of jobs. */
export type Attempt = readonly Outcome[] | Undone;

/** Faults of one statement that leave the rest of the transaction sound. */
const LOCAL: ReadonlySet<Fault> = new Set(['conflict', 'other']);

/**
 * Runs jobs in one transaction, each under a savepoint of its own: a job that fails is undone alone. When it
 * gives outcomes, the transaction is on disk.
 */
export function createTransaction(connection: DatabaseSync): (jobs: readonly Job[]) => Attempt {
  const run = createRunner(connection);
  const sql = (text: string): (() => void) => {
    const statement = connection.prepare(text);
    return () => void statement.run();
  };
  const begin = sql('BEGIN IMMEDIATE');
  const commit = sql('COMMIT');
  const mark = sql('SAVEPOINT job');
  const keep = sql('RELEASE job');
  const undo = sql('ROLLBACK TO job');

  function runOne({ id, operation }: Job): Outcome {
    mark();
    try {
      const answer = run(operation);
      keep();
      return { id, answer };
    } catch (error) {
      const fault = faultOf(error);
      if (!LOCAL.has(fault)) throw error;
      undo();
      keep();
      return { id, fault, message: messageOf(error) };
    }
  }

  return (jobs) => {
    try {
      begin();
      const outcomes = jobs.map(runOne);
      commit();
      return outcomes;
    } catch (error) {
      // SQLite ends the transaction by itself after some errors, and not after others.
      if (connection.isTransaction) connection.exec('ROLLBACK');
      return { undone: faultOf(error), message: messageOf(error) };
    }
  };
}

function createRunner(connection: DatabaseSync): (operation: Operation) => Answer {
  const prepare = createStatements(connection);
  const writeState = createStateWrites(connection);
  return (operation) =>
    operation.kind === 'write'
      ? runStatements(prepare, operation.statements)
      : writeState(operation);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
