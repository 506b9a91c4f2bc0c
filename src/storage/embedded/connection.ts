import { DatabaseSync } from 'node:sqlite';

/** How long a connection waits for a lock that another process holds. */
const LOCK_WAIT_MS = { reader: 250, writer: 2000 } as const;

/**
 * Opens one connection to an existing file. Each thread has its own; a reader cannot write.
 * `synchronous=FULL` makes COMMIT return only once the log is on disk; the log is folded back into the
 * file by the writer alone, at a moment when no answer waits for it.
 */
export function openConnection(file: string, role: 'reader' | 'writer'): DatabaseSync {
  const connection = new DatabaseSync(file, { timeout: LOCK_WAIT_MS[role] });
  connection.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA cache_size = -16000;
    PRAGMA query_only = ${role === 'reader' ? 'ON' : 'OFF'};
  `);
  return connection;
}
