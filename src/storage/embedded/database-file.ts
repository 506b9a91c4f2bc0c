import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { dirname } from 'node:path';
import { FileNotPrivate } from '../../runtime/private-files.ts';
import { backupFile, describeBackup } from './backup-file.ts';
import { openConnection } from './connection.ts';
import { EmbeddedFileCorrupt, faultOf } from './faults.ts';
import { createReserve, reserveFile } from './reserve.ts';
import { STATE_SCHEMA } from './state-schema.ts';

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const OTHERS = 0o077;

/** How long the check waits for another process that is just opening the file, too. */
const LOCK_WAIT_MS = 2000;

/**
 * Files up to this size are checked page by page when they are opened (2.4 ms a megabyte). Of a larger one the
 * opening finds out whether it was cut or is not ours; the daily back-up reads it all, and so finds the rest.
 */
const CHECKED_BYTES_MAX = 256 * 1024 * 1024;

/** Marks a SQLite file as ours: "Ltch" (https://www.sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x4c_74_63_68;

/**
 * Makes sure that `file` is there, private, whole, and ours. A new one is made only where none has been.
 *
 * @throws {EmbeddedFileCorrupt} when what is there cannot be trusted.
 * @throws {FileNotPrivate} when others can reach it.
 */
export function prepareDatabaseFile(file: string, checkedBytesMax = CHECKED_BYTES_MAX): void {
  if (!existsSync(file)) createDatabaseFile(file);
  assertPrivate(file);
  try {
    checkDatabaseFile(file, checkedBytesMax);
  } catch (error) {
    if (faultOf(error) !== 'full' || !createReserve(file).isWhole()) throw error;
    // Opening takes a little room of its own, which a node that restarts on a full disk must get.
    createReserve(file).release();
    checkDatabaseFile(file, checkedBytesMax);
  }
}

/** Appears under its name as a whole, and never in place of another: two nodes may start at once. */
function createDatabaseFile(file: string): void {
  for (const left of [backupFile(file), reserveFile(file), `${file}-wal`]) {
    if (!existsSync(left)) continue;
    throw new EmbeddedFileCorrupt(
      `${file} is missing although ${left} is there, so there was one. ${adviseRestore(file)}` +
        ` To begin with nothing instead, remove that file too.`,
    );
  }
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    closeSync(openSync(temporary, 'wx', OWNER_ONLY));
    const connection = openConnection(temporary, 'writer');
    connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; ${STATE_SCHEMA}`);
    connection.close();
    linkSync(temporary, file);
  } catch (error) {
    if (!isTaken(error)) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(folder);
}

function assertPrivate(file: string): void {
  // Windows keeps no such bits: there the folder's access list is the guard.
  if (process.platform === 'win32') return;
  const mode = statSync(file).mode & 0o777;
  if ((mode & OTHERS) === 0) return;
  throw new FileNotPrivate(
    `${file} has mode ${mode.toString(8)}, so others can reach it; run: chmod 600 ${file}`,
  );
}

function checkDatabaseFile(file: string, checkedBytesMax: number): void {
  const damage = findDamage(file, checkedBytesMax);
  if (damage === undefined) return;
  throw new EmbeddedFileCorrupt(
    `${file} is damaged: ${damage}. Nothing was changed. ${adviseRestore(file)}`,
  );
}

/** What is wrong with the file, in words; undefined when all is well. */
function findDamage(file: string, checkedBytesMax: number): string | undefined {
  const { size } = statSync(file);
  // SQLite takes an empty file for a new database.
  if (size === 0) return 'it is empty';
  try {
    // Not by `openConnection`, which sets modes that a file of someone else would keep.
    using connection = new DatabaseSync(file, { timeout: LOCK_WAIT_MS });
    const id = connection.prepare('PRAGMA application_id').get()?.['application_id'];
    if (id !== APPLICATION_ID) return 'it is not a file of Latchkey';
    if (size > checkedBytesMax) return undefined;
    const check = connection.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    return check === 'ok' ? undefined : String(check);
  } catch (error) {
    if (faultOf(error) !== 'corrupt') throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

function adviseRestore(file: string): string {
  return (
    `${describeBackup(file)} To restore one: stop every node, move ${file}, ${file}-wal and ${file}-shm away,` +
    ` and copy the back-up to ${file}.`
  );
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

/** A new name is durable only once the folder is. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
