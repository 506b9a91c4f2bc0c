import type { DatabaseSync } from 'node:sqlite';
import { faultOf } from './faults.ts';

/** Beyond this many pages (of 4 KiB) the log is folded back into the file. The reserve's size rests on it. */
const PAGES_MAX = 512;

/** SQLite's write-ahead log: it grows by every transaction until it is folded back into the file. */
export interface WriteAheadLog {
  /** Folds the log back when it is long and no reader needs it; else does nothing. */
  settle(): void;
  /** Folds it back now, so that the next transaction needs no room of its own. */
  restart(): void;
  /** True: the file has no room for what the log holds. */
  isStuck(): boolean;
}

/** The log behind the writer's connection. */
export function createWriteAheadLog(connection: DatabaseSync): WriteAheadLog {
  const measure = connection.prepare('PRAGMA wal_checkpoint(NOOP)');
  let stuck = false;

  function fold(mode: 'PASSIVE' | 'RESTART'): void {
    try {
      connection.exec(`PRAGMA wal_checkpoint(${mode})`);
      stuck = false;
    } catch (error) {
      // What is committed stays in the log and is safe there; a busy one is folded back next time.
      stuck = faultOf(error) === 'full';
    }
  }

  return {
    settle() {
      const { log, checkpointed } = measure.get() ?? {};
      if (stuck || (Number(log) >= PAGES_MAX && Number(checkpointed) < Number(log)))
        fold('PASSIVE');
    },
    restart: () => fold('RESTART'),
    isStuck: () => stuck,
  };
}
