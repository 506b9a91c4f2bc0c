import type { Pool } from 'pg';
import type { Records } from '../records.ts';

const VERSION_MIN = 150_000;

/** Asks PostgreSQL how it fares. */
export async function readHealth(pool: Pool): ReturnType<Records['health']> {
  const { rows } = await pool.query<Record<string, unknown>>(
    `SELECT pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS commits, current_setting('server_version_num') AS version`,
  );
  const { standby, fsync, commits, version } = rows[0] ?? {};
  const troubles: string[] = [];
  const remarks: string[] = [];
  if (standby === true) troubles.push('PostgreSQL is a standby: nothing can be written');
  if (Number(version) < VERSION_MIN) troubles.push('PostgreSQL is older than version 15');
  if (fsync === 'off') {
    remarks.push('PostgreSQL runs with fsync off: a power failure may destroy all records');
  } else if (commits === 'off') {
    remarks.push(
      'PostgreSQL runs with synchronous_commit off: a crash may lose what was written last',
    );
  }
  return { ok: troubles.length === 0, remarks: [...troubles, ...remarks] };
}
