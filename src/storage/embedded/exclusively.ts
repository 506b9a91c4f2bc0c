import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { Run } from '../migrations/apply-migrations.ts';
import { openConnection } from './connection.ts';
import { EngineFailure, faultOf } from './faults.ts';
import { createStatements, runStatements, toStatement } from './statements.ts';

const LOCK_TRIES = 500;
const LOCK_PAUSE_MS = 20;

/**
 * Runs `work` in one transaction while nobody else writes: for the schema, when a node starts.
 *
 * @throws {EngineFailure} when the lock was not to be had in time, or the file did not take it.
 */
export async function exclusively(file: string, work: (run: Run) => Promise<void>): Promise<void> {
  const connection = openConnection(file, 'writer');
  const prepare = createStatements(connection);
  try {
    await lock(connection);
    await work(async (statement) => {
      const [result] = runStatements(prepare, [toStatement(statement.compile())]);
      return result?.rows ?? [];
    });
    connection.exec('COMMIT');
  } catch (error) {
    const fault = faultOf(error);
    if (fault === 'other') throw error;
    throw new EngineFailure(fault, 'the schema could not be brought up to date', { cause: error });
  } finally {
    // Closing also undoes what was not committed.
    connection.close();
  }
}

/** Waits without SQLite's own waiting, which would hold up the thread: perhaps the holder is on it, too. */
async function lock(connection: DatabaseSync): Promise<void> {
  connection.exec('PRAGMA busy_timeout = 0');
  for (let tries = 1; ; tries += 1) {
    try {
      connection.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (faultOf(error) !== 'busy' || tries === LOCK_TRIES) throw error;
    }
    await delay(LOCK_PAUSE_MS);
  }
}
