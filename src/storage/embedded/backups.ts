import { once } from 'node:events';
import { open, rename, rm, stat, utimes } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { backedUpAt, backupFile } from './backup-file.ts';

const EVERY_MS = 24 * 3600 * 1000;
/** A copy that was begun so long ago was abandoned: its process is dead. */
const ABANDONED_AFTER_MS = 3600 * 1000;
const OWNER_ONLY = 0o600;

/** Keeps `<file>.backup`, made at most once a day, whole or not at all. */
export interface Backups {
  /** Makes the back-up if it is a day old or missing. True: it was made. */
  runIfDue(): Promise<boolean>;
  /** Ends a copy under way. */
  close(): Promise<void>;
}

/** What the back-ups need. */
export interface BackupsOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The back-ups of one file. A copy is made by a thread of its own, so that nobody waits for it. */
export function createBackups({ file, clock, logger }: BackupsOptions): Backups {
  const copy = `${backupFile(file)}.tmp`;
  const stopping = new AbortController();
  let running: Promise<boolean> | undefined;

  const isDue = (): boolean => clock.nowMs() - (backedUpAt(file) ?? -Infinity) >= EVERY_MS;

  async function make(): Promise<boolean> {
    if (!isDue() || !(await claim(copy))) return false;
    try {
      await copyInThread(file, copy, stopping.signal);
      const seconds = clock.nowMs() / 1000;
      await utimes(copy, seconds, seconds);
      await rename(copy, backupFile(file));
      logger.info({ event: 'storage.backed_up', file: backupFile(file) }, 'made the back-up');
      return true;
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : undefined;
      if (!stopping.signal.aborted) {
        logger.warn({ event: 'storage.backup_failed', error }, 'could not make the back-up');
      }
      return false;
    } finally {
      await rm(copy, { force: true });
    }
  }

  return {
    runIfDue() {
      running ??= make().finally(() => (running = undefined));
      return running;
    },
    async close() {
      stopping.abort();
      await running;
    },
  };
}

/** The unfinished copy is also the lock between processes. False: another one is at it. */
async function claim(copy: string): Promise<boolean> {
  const begun = await stat(copy).catch(() => undefined);
  // The file system stamps the copy by the machine's clock, which is not the one that tests move.
  const age = begun && performance.timeOrigin + performance.now() - begun.mtimeMs;
  if (age !== undefined && age > ABANDONED_AFTER_MS) await rm(copy, { force: true });
  try {
    await (await open(copy, 'wx', OWNER_ONLY)).close();
    return true;
  } catch {
    return false;
  }
}

async function copyInThread(file: string, copy: string, signal: AbortSignal): Promise<void> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const url = new URL(`./backup-thread${extension}`, import.meta.url);
  const thread = new Worker(url, { workerData: [file, copy], name: 'latchkey-backup' });
  thread.unref();
  try {
    await once(thread, 'exit', { signal });
  } finally {
    await thread.terminate();
  }
}
