import { Worker } from 'node:worker_threads';
import type { Logger } from '../../runtime/logger.ts';
import { EngineFailure } from './faults.ts';
import type { Answer, Job, Operation } from './operation.ts';
import { superviseThread, type Hearing } from './supervised-thread.ts';
import { createWaiters } from './waiters.ts';

/** A job without an answer for this long is given up; whether it was done is then unknown. */
const ANSWER_WAIT_MS = 5000;
const DEADLINE_CHECK_MS = 500;

/** The one way in which this process writes to the file: a thread that commits in groups. */
export interface Writer {
  /** Resolves once the write is on disk. @throws {EngineFailure} */
  submit(operation: Operation, options?: SubmitOptions): Promise<Answer>;
  /** `room`: ordinary writes are taken. */
  health(): { readonly alive: boolean; readonly room: boolean };
  /** Waits for what is under way, then ends the thread. */
  close(): Promise<void>;
}

interface SubmitOptions {
  /** Taken even when the disk is full. */
  readonly essential?: boolean | undefined;
}

export interface WriterOptions {
  /** Starts the thread: at first, and again when it has died. */
  readonly start: () => Worker;
  readonly logger: Logger;
}

/** Starts the thread that writes to `file`. */
export function startWriterThread(file: string): Worker {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const url = new URL(`./writer-thread${extension}`, import.meta.url);
  return new Worker(url, { workerData: file, name: 'latchkey-writer' });
}

/**
 * Starts the writer and waits until it has opened the file.
 *
 * @throws {EngineFailure} when it cannot.
 */
export async function openWriter({ start, logger }: WriterOptions): Promise<Writer> {
  const waiters = createWaiters();
  let queue: Job[] = [];
  let lastId = 0;
  let room = true;

  function hear(report: Hearing): void {
    if (report.kind === 'outcomes') return waiters.settle(report.outcomes);
    if (report.room && !room) {
      logger.info({ event: 'storage.room' }, 'the disk has room again: every write is taken');
    } else if (!report.room) {
      logger.error({ event: 'storage.full' }, 'the disk is full: only the essential is written');
    }
    room = report.room;
  }

  const thread = superviseThread({
    start,
    logger,
    hear,
    onDeath: () => waiters.giveUp('the writer has died'),
  });
  const deadline = setInterval(() => {
    waiters.giveUp('the writer gave no answer in time', ANSWER_WAIT_MS);
  }, DEADLINE_CHECK_MS).unref();

  function flush(): void {
    thread.post(queue);
    queue = [];
  }

  async function close(): Promise<void> {
    await waiters.idle();
    clearInterval(deadline);
    await thread.end();
  }

  try {
    await thread.ready;
  } catch (error) {
    clearInterval(deadline);
    throw error;
  }
  return {
    submit(operation, { essential = false } = {}) {
      if (!thread.isAlive()) return Promise.reject(new EngineFailure('lost', 'the writer is gone'));
      lastId += 1;
      // What is asked for in one turn of the loop travels, and is committed, together: waking the thread costs more
      // than most writes, and every commit waits for the disk.
      if (queue.length === 0) setImmediate(flush);
      queue.push({ id: lastId, operation, essential });
      return waiters.wait(lastId);
    },
    health: () => ({ alive: thread.isAlive(), room }),
    close,
  };
}
