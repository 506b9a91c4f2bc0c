import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isMainThread, workerData } from 'node:worker_threads';
import { openConnection } from './connection.ts';
import { EXPIRING_TABLES } from './state-schema.ts';

/**
 * Copies the file as of one instant, while others read and write it, and takes out of the copy whatever
 * expires: sessions, codes, tokens. A restored back-up then signs people out, and revives nothing that was
 * revoked after it was made.
 */
function backUp(file: string, copy: string): void {
  // It only reads, but SQLite takes the statement for a write.
  const source = openConnection(file, 'writer');
  try {
    source.prepare('VACUUM INTO ?').run(copy);
  } finally {
    source.close();
  }
  const target = new DatabaseSync(copy);
  try {
    // Nobody else sees the copy yet: a crash leaves a file that is thrown away.
    target.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    for (const table of EXPIRING_TABLES) {
      target.exec(`DELETE FROM ${table} WHERE expires_at IS NOT NULL`);
    }
    target.exec('DELETE FROM state_topic; VACUUM');
    const check = target.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (check !== 'ok') throw new Error(`the copy is damaged: ${String(check)}`);
  } finally {
    target.close();
  }
  const handle = openSync(copy, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}

// The paths come from `createBackups`; an import elsewhere does nothing.
if (!isMainThread && Array.isArray(workerData)) {
  const [file, copy]: readonly unknown[] = workerData;
  backUp(String(file), String(copy));
}
