import { Client, type ClientConfig } from 'pg';
import type { MigrationHooks } from '../migrations/apply-migrations.ts';
import { run } from './statements.ts';

/** The number by which nodes know the lock; any will do that nobody else in the database takes. */
const MIGRATION_LOCK = 5_391_470_021;
/** Both the wait for another node and the work itself may take longer than a statement else may. */
const LIMIT_MS = 300_000;

/** Runs the work of a migration in one transaction, under an advisory lock that ends with it. */
export async function exclusively(
  connection: ClientConfig,
  work: Parameters<MigrationHooks['exclusively']>[0],
): Promise<void> {
  const client = new Client({
    ...connection,
    statement_timeout: LIMIT_MS,
    query_timeout: LIMIT_MS,
    lock_timeout: LIMIT_MS,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await work(async (statement) => (await run(client, statement)).rows);
    await client.query('COMMIT');
  } finally {
    // Undoes what was not committed.
    await client.end();
  }
}
