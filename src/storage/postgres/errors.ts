import { DatabaseError } from 'pg';
import { RecordConflict, RecordsUnavailable } from '../records.ts';

// SQLSTATE codes, PostgreSQL appendix A.
const UNIQUE_VIOLATION = '23505';
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const LOCK_NOT_AVAILABLE = '55P03';
const WRONG_PASSWORD = '28P01';
const NOT_ALLOWED = '28000';
const QUERY_CANCELED = '57014';
/**
 * Classes that tell of the server and not of the statement: connection, authorization, a read-only
 * transaction (a standby), no such database, resources, an operator's intervention, the system, its data files.
 */
const CLASSES_OF_SERVER = ['08', '28', '25', '3D', '53', '57', '58', 'F0', 'XX'];

/** True for a transaction that was undone because another one stood in its way: it may be run again. */
export function isPassing(error: unknown): boolean {
  const code = error instanceof DatabaseError ? (error.code ?? '') : '';
  return [SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE].includes(code);
}

/** True when the connection may not be used any more. */
export function isConnectionLost(error: unknown): boolean {
  return !(error instanceof DatabaseError) || /^(?:08|57P)/u.test(error.code ?? '');
}

/**
 * The fault as the contract names it. PostgreSQL's own error stays behind: its details hold values of the
 * rows concerned.
 */
export function recordsError(error: unknown): Error {
  if (error instanceof TypeError || error instanceof RecordsUnavailable) return error;
  if (!(error instanceof DatabaseError)) {
    return new RecordsUnavailable(`PostgreSQL gave no answer: ${reasonOf(error)}`);
  }
  const code = error.code ?? '';
  if (code === UNIQUE_VIOLATION) {
    return new RecordConflict(`the unique index ${error.constraint ?? ''} refused a row`);
  }
  if (isPassing(error) || CLASSES_OF_SERVER.includes(code.slice(0, 2))) {
    return new RecordsUnavailable(adviceOn(code) ?? `PostgreSQL: ${error.message} (${code})`);
  }
  return new TypeError(`PostgreSQL refused a statement: ${error.message} (${code})`);
}

function adviceOn(code: string): string | undefined {
  switch (code) {
    case WRONG_PASSWORD:
    case NOT_ALLOWED:
      return 'PostgreSQL refuses the credentials: check storage.records.postgres.username, its password, and pg_hba.conf';
    case QUERY_CANCELED:
      return 'PostgreSQL took longer than storage.records.postgres.statementTimeoutMs';
    default:
      return undefined;
  }
}

/** Node tells of several addresses that all refused in an AggregateError without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
