import type { Compilable, Kysely } from 'kysely';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Tables } from './tables.ts';

/** Builds statements; it never runs them, so that none escapes the doors below. */
export type Queries = Pick<
  Kysely<Tables>,
  'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom' | 'fn' | 'with' | 'withRecursive'
>;

/** What one statement of a batch did. */
export interface Written {
  readonly rowsAffected: number;
  /** Rows of a `returning` clause; empty without one. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Durable, queried data: accounts, credentials, clients, consents, audit. One schema, written once in
 * `migrations/`, on SQLite and on PostgreSQL: columns are text, integer (NumericDate, 0/1) or JSON kept as text.
 * There are no interactive transactions: what must happen together is one `write` of several
 * statements, and what must happen once rests on a unique index or a `where` on the old value.
 *
 * @throws {RecordsUnavailable} when the engine gave no answer in time.
 * @throws {RecordConflict} when a unique index refused a row; nothing of the batch was written.
 */
export interface Records {
  readonly queries: Queries;
  all<Row>(query: Compilable<Row>): Promise<readonly Row[]>;
  first<Row>(query: Compilable<Row>): Promise<Row | undefined>;
  /** Runs the statements in order in one durable transaction: all of them or none. */
  write(...statements: readonly Compilable[]): Promise<readonly Written[]>;
  /** Brings the schema up to date under a lock, so that nodes may start together. Forward only. */
  migrate(): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly remarks: readonly string[] }>;
  close(): Promise<void>;
}

/** The engine gave no answer in time: the write may or may not have happened. */
export class RecordsUnavailable extends LatchkeyError {
  readonly code = 'ERR_RECORDS_UNAVAILABLE';
}

/** A unique index refused a row. */
export class RecordConflict extends LatchkeyError {
  readonly code = 'ERR_RECORD_CONFLICT';
}
