import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Operation } from './operation.ts';
import { EXPIRING_TABLES } from './state-schema.ts';

type StateOperation = Exclude<Operation, { kind: 'write' }>;
type Verbs = {
  readonly [Kind in StateOperation['kind']]: (
    operation: Extract<StateOperation, { kind: Kind }>,
  ) => number;
};

/**
 * The writing verbs of state as SQL, on the writer's connection. Each answers with a number: rows changed
 * (0: a swap lost, nothing to delete), a counter's sum, or the number of a log's newest entry.
 */
export function createStateWrites(connection: DatabaseSync): (operation: StateOperation) => number {
  const verbs: Verbs = {
    ...entryVerbs(connection),
    ...setVerbs(connection),
    ...logVerbs(connection),
    sweep: sweeper(connection),
  };
  // The kind picks the verb that takes it, which the type of an indexed table cannot say.
  return (operation) => dispatch(verbs, operation);
}

function dispatch<Kind extends StateOperation['kind']>(
  verbs: {
    readonly [Name in Kind]: (operation: Extract<StateOperation, { kind: Name }>) => number;
  },
  operation: Extract<StateOperation, { kind: Kind }>,
): number {
  return verbs[operation.kind](operation);
}

function entryVerbs(connection: DatabaseSync): Pick<Verbs, 'put' | 'swap' | 'delete' | 'count'> {
  const put = connection.prepare(`
    INSERT INTO state_entry (key, value, version, expires_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE
      SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at`);
  const putIfAbsent = connection.prepare(`
    INSERT INTO state_entry (key, value, version, expires_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE
      SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
      WHERE state_entry.expires_at <= ?`);
  const replace = connection.prepare(`
    UPDATE state_entry SET value = ?, version = ?, expires_at = ?
    WHERE key = ? AND version = ? AND (expires_at IS NULL OR expires_at > ?)`);
  const remove = connection.prepare(`
    DELETE FROM state_entry WHERE key = ?
    RETURNING expires_at IS NULL OR expires_at > ? AS live`);
  const count = connection.prepare(`
    INSERT INTO state_counter (key, total, expires_at) VALUES (:key, :by, :expiresAt)
    ON CONFLICT (key) DO UPDATE SET
      total = iif(expires_at > :now, total, 0) + excluded.total,
      expires_at = iif(expires_at > :now, expires_at, excluded.expires_at)
    RETURNING total`);
  return {
    put: ({ key, value, version, expiresAt }) => changes(put.run(key, value, version, expiresAt)),
    swap: ({ key, seen, value, version, expiresAt, now }) =>
      seen === null
        ? changes(putIfAbsent.run(key, value, version, expiresAt, now))
        : changes(replace.run(value, version, expiresAt, key, seen, now)),
    delete: ({ key, now }) => Number(remove.get(key, now)?.['live'] ?? 0),
    count: ({ key, by, expiresAt, now }) =>
      Number(count.get({ key, by, expiresAt, now })?.['total']),
  };
}

function setVerbs(connection: DatabaseSync): Pick<Verbs, 'add' | 'remove'> {
  const add = connection.prepare(`
    INSERT INTO state_member (key, member, expires_at) VALUES (?, ?, ?)
    ON CONFLICT (key, member) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)`);
  const remove = connection.prepare('DELETE FROM state_member WHERE key = ? AND member = ?');
  return {
    add: ({ key, member, expiresAt }) => changes(add.run(key, member, expiresAt)),
    remove: ({ key, member }) => changes(remove.run(key, member)),
  };
}

function logVerbs(connection: DatabaseSync): Pick<Verbs, 'append' | 'trim' | 'notify'> {
  const lengthen = connection.prepare(`
    INSERT INTO state_log (log, last) VALUES (?, ?)
    ON CONFLICT (log) DO UPDATE SET last = last + excluded.last
    RETURNING last`);
  const enter = connection.prepare(
    'INSERT INTO state_log_entry (log, number, value) VALUES (?, ?, ?)',
  );
  const trim = connection.prepare('DELETE FROM state_log_entry WHERE log = ? AND number <= ?');
  const notify = connection.prepare(`
    INSERT INTO state_topic (topic, notices) VALUES (?, 1)
    ON CONFLICT (topic) DO UPDATE SET notices = notices + 1
    RETURNING notices`);
  return {
    append({ log, values }) {
      const last = Number(lengthen.get(log, values.length)?.['last']);
      const first = last - values.length + 1;
      for (const [index, value] of values.entries()) enter.run(log, first + index, value);
      return last;
    },
    trim: ({ log, upTo }) => changes(trim.run(log, upTo)),
    notify: ({ topic }) => Number(notify.get(topic)?.['notices']),
  };
}

/** Deletes at most `limit` expired rows of each table, and gives how many it deleted. */
function sweeper(connection: DatabaseSync): Verbs['sweep'] {
  const sweeps: readonly StatementSync[] = EXPIRING_TABLES.map((table) => {
    const key = table === 'state_member' ? '(key, member)' : 'key';
    const columns = table === 'state_member' ? 'key, member' : 'key';
    return connection.prepare(`
      DELETE FROM ${table} WHERE ${key} IN
        (SELECT ${columns} FROM ${table} WHERE expires_at <= ? LIMIT ?)`);
  });
  return ({ now, limit }) =>
    sweeps.reduce((swept, sweep) => swept + changes(sweep.run(now, limit)), 0);
}

function changes(result: { readonly changes: number | bigint }): number {
  return Number(result.changes);
}
