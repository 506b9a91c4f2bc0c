/**
 * The tables behind the state verbs. Times are milliseconds since the epoch; a row whose `expires_at`
 * has come is never read, and swept later. Only ever add to it: the next release's node and this one's may
 * hold the file open at the same time.
 */
export const STATE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS state_entry (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, version TEXT NOT NULL, expires_at INTEGER
  );
  CREATE INDEX IF NOT EXISTS state_entry_by_expiry
    ON state_entry (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS state_counter (
    key TEXT PRIMARY KEY, total INTEGER NOT NULL, expires_at INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS state_counter_by_expiry ON state_counter (expires_at);
  CREATE TABLE IF NOT EXISTS state_member (
    key TEXT NOT NULL, member TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (key, member)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS state_member_by_expiry ON state_member (expires_at);
  CREATE TABLE IF NOT EXISTS state_log (log TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS state_log_entry (
    log TEXT NOT NULL, number INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (log, number)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS state_topic (topic TEXT PRIMARY KEY, notices INTEGER NOT NULL) WITHOUT ROWID;
`;

/** The tables whose rows vanish by themselves. */
export const EXPIRING_TABLES = ['state_entry', 'state_counter', 'state_member'] as const;
