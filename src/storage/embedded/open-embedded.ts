import type { Clock } from '../../runtime/clock.ts';
import { LatchkeyError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Records } from '../records.ts';
import { StateUnavailable, type State, type StateHealth } from '../state.ts';
import { createBackups, type Backups } from './backups.ts';
import { createCheckpoints, type Checkpoints } from './checkpoints.ts';
import { prepareDatabaseFile } from './database-file.ts';
import { createEmbeddedRecords } from './embedded-records.ts';
import { createEmbeddedState } from './embedded-state.ts';
import { EngineFailure } from './faults.ts';
import { createNotices } from './notices.ts';
import { openReader, type Reader } from './reader.ts';
import { startSweeping } from './sweeping.ts';
import { openWriter, startWriterThread, type Writer } from './writer.ts';

/** What the embedded engine needs. */
export interface EmbeddedOptions {
  /** The SQLite file; it and its folder are made when missing, for their owner alone. */
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** State and records in one file. */
export interface Embedded {
  readonly state: State;
  readonly records: Records;
  /** Closes both. Closing one of them closes the file only when the other is closed, too. */
  close(): Promise<void>;
}

/** The first back-up is not made at once, so that neither a start nor a command waits for it. */
const FIRST_BACKUP_AFTER_MS = 60_000;
const BACKUP_CHECK_MS = 3600 * 1000;

/** The file itself, over which state and records may be opened one after the other. */
export interface EmbeddedFile {
  readonly checkpoints: Checkpoints;
  /** State and records over it; `onClosed` is called when both are closed. The file stays open. */
  lend(onClosed?: () => Promise<void>): Embedded;
  close(): Promise<void>;
}

/**
 * Opens the embedded engine. Several processes may have the file open.
 *
 * @throws {EmbeddedFileCorrupt} when the file is damaged, is not ours, or has vanished.
 * @throws {FileNotPrivate} when others can reach it.
 * @throws {StateUnavailable} when it cannot be opened for another reason.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const file = await openEmbeddedFile(options);
  return file.lend(file.close);
}

/** The same, for whoever closes state and records before the file. @throws what `openEmbedded` throws. */
export async function openEmbeddedFile(options: EmbeddedOptions): Promise<EmbeddedFile> {
  const { file, clock, logger } = options;
  const { reader, writer } = await openFile(options);
  const endSweeping = startSweeping({ reader, writer, clock, logger });
  const backups = createBackups(options);
  const endBackups = scheduleBackups(backups);
  const health = (): StateHealth => judge(reader, writer);
  return {
    checkpoints: createCheckpoints(reader, writer),
    lend(onClosed = async () => undefined) {
      const notices = createNotices(reader, logger);
      let sidesOpen = 2;
      const release = async (): Promise<void> => {
        sidesOpen -= 1;
        if (sidesOpen > 0) return;
        notices.close();
        await onClosed();
      };
      const state = createEmbeddedState({ reader, writer, notices, clock, health, release });
      const records = createEmbeddedRecords({ file, reader, writer, health, release });
      return {
        state,
        records,
        close: async () => void (await Promise.all([state.close(), records.close()])),
      };
    },
    async close() {
      endSweeping();
      endBackups();
      await backups.close();
      await writer.close();
      reader.close();
    },
  };
}

async function openFile(options: EmbeddedOptions): Promise<{
  readonly reader: Reader;
  readonly writer: Writer;
}> {
  const { file, logger } = options;
  let reader: Reader | undefined;
  try {
    prepareDatabaseFile(file);
    reader = openReader(file, logger);
    const writer = await openWriter({ start: () => startWriterThread(file), logger });
    return { reader, writer };
  } catch (error) {
    reader?.close();
    if (error instanceof LatchkeyError && !(error instanceof EngineFailure)) throw error;
    throw new StateUnavailable(`the embedded file ${file} cannot be opened`, { cause: error });
  }
}

function scheduleBackups(backups: Backups): () => void {
  const run = (): void => void backups.runIfDue();
  const first = setTimeout(run, FIRST_BACKUP_AFTER_MS).unref();
  const next = setInterval(run, BACKUP_CHECK_MS).unref();
  return () => {
    clearTimeout(first);
    clearInterval(next);
  };
}

function judge(reader: Reader, writer: Writer): StateHealth {
  const { alive, room } = writer.health();
  const isSound = reader.isSound();
  const remarks = [
    ...(alive ? [] : ['the writer has died: restart this node']),
    ...(isSound ? [] : ['the embedded file is damaged: see the log']),
    ...(room ? [] : ['the disk is full: only what takes validity away is written; make room']),
  ];
  return { ok: alive && isSound, remarks };
}
