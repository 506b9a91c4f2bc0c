import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';

/**
 * Room kept for what must be written although the disk is full. It has to hold what a checkpoint may add
 * to the file (the whole log, `LOG_PAGES_MAX` of the committer plus one transaction): with less, the log
 * can neither grow nor be folded back, and not even a DELETE succeeds.
 */
const RESERVE_BYTES = 4 * 1024 * 1024;
const OWNER_ONLY = 0o600;

/** A ballast file beside the database: deleting it makes room at once. All processes on the file share it. */
export interface Reserve {
  /** True while the room is kept; then ordinary writes are welcome. */
  isWhole(): boolean;
  /** Gives the room away to what is essential. */
  release(): void;
  /** Takes the room back, if the disk has it twice over. True: the reserve is whole. */
  restore(): boolean;
}

/** Names the ballast file of a database file. */
export function reserveFile(file: string): string {
  return `${file}.reserve`;
}

/** The reserve of one database file. Does nothing yet. */
export function createReserve(file: string): Reserve {
  const ballast = reserveFile(file);
  return {
    isWhole: () => statSync(ballast, { throwIfNoEntry: false })?.size === RESERVE_BYTES,
    release: () => rmSync(ballast, { force: true }),
    restore: () => fill(ballast, file),
  };
}

function fill(ballast: string, file: string): boolean {
  // One name, so that a process that is killed here leaves no more than one. Two at once may spoil it for each other,
  // and then come back.
  const temporary = `${ballast}.tmp`;
  try {
    const { bavail, bsize } = statfsSync(file);
    if (bavail * bsize < 2 * RESERVE_BYTES) return false;
    const handle = openSync(temporary, 'w', OWNER_ONLY);
    try {
      // Random, since some file systems keep no room for bytes that compress.
      const written = writeSync(handle, randomBytes(RESERVE_BYTES));
      fsyncSync(handle);
      if (written < RESERVE_BYTES) return false;
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, ballast);
    return true;
  } catch {
    // Whatever the reason, the room is not ours; ordinary writes stay refused and we come back.
    return false;
  } finally {
    rmSync(temporary, { force: true });
  }
}
