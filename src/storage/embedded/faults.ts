import { LatchkeyError } from '../../runtime/errors.ts';

/** The embedded file cannot be trusted: cut, overwritten, missing, or not ours. Nothing was changed. */
export class EmbeddedFileCorrupt extends LatchkeyError {
  readonly code = 'ERR_EMBEDDED_FILE_CORRUPT';
}

/**
 * What went wrong, as far as anyone acts on it.
 * `full`: no room, nothing was written; `conflict`: a unique index refused; `busy`: another process holds
 * the file; `corrupt`: the file is damaged; `device`: the disk gave an error; `lost`: no answer came, so
 * that nobody knows; `other`: our own bug.
 */
export type Fault = 'full' | 'conflict' | 'busy' | 'corrupt' | 'device' | 'lost' | 'other';

/** What the file, or its writer, did not do. Translated at the doors of state and records. */
export class EngineFailure extends LatchkeyError {
  readonly code = 'ERR_EMBEDDED_ENGINE_FAILURE';
  readonly fault: Fault;

  constructor(fault: Fault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

// Primary result codes (https://www.sqlite.org/rescode.html); the low byte of an extended one.
const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;
const FAULTS: Readonly<Record<number, Fault>> = {
  [BUSY]: 'busy',
  [LOCKED]: 'busy',
  [IO_ERROR]: 'device',
  [CORRUPT]: 'corrupt',
  [FULL]: 'full',
  [CANNOT_OPEN]: 'device',
  [NOT_A_DATABASE]: 'corrupt',
};

// Extended codes. A full disk shows itself as SHMSIZE where the WAL's index had to grow.
const SHARED_MEMORY_SIZE = 4874;
const PRIMARY_KEY_TAKEN = 1555;
const UNIQUE_INDEX_REFUSED = 2067;
const EXTENDED_FAULTS: Readonly<Record<number, Fault>> = {
  [SHARED_MEMORY_SIZE]: 'full',
  [PRIMARY_KEY_TAKEN]: 'conflict',
  [UNIQUE_INDEX_REFUSED]: 'conflict',
};

/** Tells what an error thrown by `node:sqlite` means. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error) || !('errcode' in error)) return 'other';
  const code = Number(error.errcode);
  return EXTENDED_FAULTS[code] ?? FAULTS[code % 256] ?? 'other';
}
