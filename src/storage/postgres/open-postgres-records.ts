import { PostgresAdapter, PostgresQueryCompiler } from 'kysely';
import { Pool, type PoolConfig } from 'pg';
import type { Logger } from '../../runtime/logger.ts';
import type { PostgresSettings } from '../config.ts';
import { applyMigrations } from '../migrations/apply-migrations.ts';
import { createQueryBuilder } from '../query-builder.ts';
import { RecordsUnavailable, type Records } from '../records.ts';
import { recordsError } from './errors.ts';
import { exclusively } from './exclusively.ts';
import { readHealth } from './health.ts';
import { readPoolOptions } from './pool-options.ts';
import { createStatements } from './statements.ts';

/**
 * Opens the records in a PostgreSQL of version 15 or later. Connections are made as they are needed: when
 * PostgreSQL is not there, opening succeeds and the doors fail with RecordsUnavailable until it comes.
 *
 * @throws {SecretUnavailable} when the password cannot be read.
 */
export async function openPostgresRecords(
  settings: PostgresSettings,
  { logger }: { readonly logger: Logger },
): Promise<Records> {
  const options = await readPoolOptions(settings);
  const pool = openPool(options, logger);
  const statements = createStatements(pool, settings.statementTimeoutMs);
  const builder = createQueryBuilder({
    adapter: new PostgresAdapter(),
    compiler: new PostgresQueryCompiler(),
  });
  let isClosed = false;

  async function guarded<Result>(act: () => Promise<Result>): Promise<Result> {
    if (isClosed) throw new RecordsUnavailable('the records are closed');
    try {
      return await act();
    } catch (error) {
      throw recordsError(error);
    }
  }

  return {
    queries: builder,
    all: (query) => guarded(() => statements.read(query)),
    first: (query) => guarded(async () => (await statements.read(query))[0]),
    write: (...batch) => guarded(() => statements.write(batch)),
    migrate: () =>
      guarded(() =>
        applyMigrations({ builder, exclusively: (work) => exclusively(options, work) }),
      ),
    health: () =>
      guarded(() => readHealth(pool)).catch((error: unknown) => ({
        ok: false,
        remarks: [error instanceof Error ? error.message : String(error)],
      })),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await pool.end();
    },
  };
}

function openPool(options: PoolConfig, logger: Logger): Pool {
  const pool = new Pool(options);
  pool.on('error', (error) => {
    const { message } = recordsError(error);
    logger.warn({ event: 'postgres.lost', reason: message }, 'an idle connection was lost');
  });
  // A connection in use tells its end to the statement that waits; unheard, it would end the process.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}
