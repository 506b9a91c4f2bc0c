import type { DatabaseSync } from 'node:sqlite';
import type { Json } from '../../runtime/json.ts';
import type { Entry, LogPage } from '../state.ts';

/** The reading verbs of state as SQL, on the reader's connection. `now` is milliseconds. */
export interface StateReads {
  entry(key: string, now: number): Entry | undefined;
  total(key: string, now: number): number;
  members(key: string, now: number): readonly string[];
  log(log: string, after: number, limit: number): LogPage;
  /** True: there is something to sweep. */
  hasExpired(now: number): boolean;
}

/** Compiles the reads. */
export function createStateReads(connection: DatabaseSync): StateReads {
  const entry = connection.prepare(`
    SELECT value, version FROM state_entry
    WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)`);
  const total = connection.prepare(
    'SELECT total FROM state_counter WHERE key = ? AND expires_at > ?',
  );
  const members = connection.prepare(
    'SELECT member FROM state_member WHERE key = ? AND expires_at > ?',
  );
  const expired = connection.prepare(`
    SELECT EXISTS (SELECT 1 FROM state_entry WHERE expires_at <= :now)
      OR EXISTS (SELECT 1 FROM state_counter WHERE expires_at <= :now)
      OR EXISTS (SELECT 1 FROM state_member WHERE expires_at <= :now) AS found`);
  return {
    entry(key, now) {
      const row = entry.get(key, now);
      return row && { value: decode(row['value']), version: String(row['version']) };
    },
    total: (key, now) => Number(total.get(key, now)?.['total'] ?? 0),
    members: (key, now) => members.all(key, now).map((row) => String(row['member'])),
    log: createLogRead(connection),
    hasExpired: (now) => expired.get({ now })?.['found'] === 1,
  };
}

function createLogRead(connection: DatabaseSync): StateReads['log'] {
  const ends = connection.prepare(`
    SELECT last, (SELECT min(number) FROM state_log_entry WHERE log = :log) AS first
    FROM state_log WHERE log = :log`);
  const entries = connection.prepare(`
    SELECT number, value FROM state_log_entry
    WHERE log = ? AND number > ? ORDER BY number LIMIT ?`);
  return (log, after, limit) => {
    // One snapshot, or an entry might appear that is newer than `last`.
    connection.exec('BEGIN');
    try {
      const end = ends.get({ log });
      const last = Number(end?.['last'] ?? 0);
      return {
        entries: entries
          .all(log, after, limit)
          .map((row) => ({ number: Number(row['number']), value: decode(row['value']) })),
        last,
        first: Number(end?.['first'] ?? last + 1),
      };
    } finally {
      connection.exec('COMMIT');
    }
  };
}

function decode(text: unknown): Json {
  return JSON.parse(String(text));
}
