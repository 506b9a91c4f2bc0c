import { readFile } from 'node:fs/promises';
import { types, type PoolConfig } from 'pg';
import { readSecret } from '../../config/secrets.ts';
import type { PostgresSettings } from '../config.ts';

const STANDARD_PORT = 5432;
/**
 * Our transactions are short: who waits longer for a row is in a deadlock, and had better step back and
 * begin again. PostgreSQL itself looks for deadlocks only after a second.
 */
const LOCK_TIMEOUT_MS = 200;

/** What pg needs to know to reach the PostgreSQL of `settings`; reads the password and the authorities. */
export async function readPoolOptions(settings: PostgresSettings): Promise<PoolConfig> {
  const url = new URL(settings.url);
  return {
    host: decodeURIComponent(url.hostname).replace(/^\[|\]$/gu, ''),
    port: url.port === '' ? STANDARD_PORT : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username) || settings.username,
    ...(settings.password === undefined ? {} : { password: await readSecret(settings.password) }),
    ssl: settings.tls && (await readAuthorities(settings.tlsCa)),
    application_name: 'latchkey',
    max: settings.poolMax,
    keepAlive: true,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    // The server ends a statement that takes too long; the client ends the wait for a server that is gone.
    statement_timeout: settings.statementTimeoutMs,
    query_timeout: settings.statementTimeoutMs,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: 2 * settings.statementTimeoutMs,
    types: { getTypeParser: typeParser },
  };
}

async function readAuthorities(file: string | undefined): Promise<{ ca?: string }> {
  return file === undefined ? {} : { ca: await readFile(file, 'utf8') };
}

const BIGINT = 20;
const NUMERIC = 1700;

/** Integers and sums as numbers: what the tables hold (NumericDates, flags, counts) fits. */
function typeParser(oid: number): (text: string) => unknown {
  return oid === BIGINT || oid === NUMERIC ? Number : types.getTypeParser(oid);
}
