import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { Logger } from '../../runtime/logger.ts';
import { EngineFailure } from './faults.ts';
import type { Order, Report } from './operation.ts';

/** A thread that dies again within this time is left dead: something is wrong for good. */
const ONCE_IN_MS = 60_000;
/** A thread that does not end by itself in this time is stopped. */
const END_WAIT_MS = 5000;

/** What a thread tells once it is ready. */
export type Hearing = Exclude<Report, { readonly kind: 'ready' }>;

/** A thread that is started again when it dies, though not twice in a row. */
export interface SupervisedThread {
  /** Rejects with `EngineFailure` when the first one ends before it is ready. */
  readonly ready: Promise<void>;
  isAlive(): boolean;
  /** Hands an order to the thread of the moment; lost when there is none. */
  post(order: Order): void;
  end(): Promise<void>;
}

/** What supervision needs. */
export interface SuperviseOptions {
  readonly start: () => Worker;
  readonly logger: Logger;
  readonly hear: (report: Hearing) => void;
  /** What was posted and not answered will not be. */
  readonly onDeath: () => void;
}

/** Starts the thread. */
export function superviseThread(options: SuperviseOptions): SupervisedThread {
  const { start, logger, hear, onDeath } = options;
  let worker: Worker | undefined;
  let wasReady = false;
  let ending = false;
  let diedAt = -Infinity;

  function launch(): Promise<void> {
    const launched = start();
    worker = launched;
    return new Promise((resolve, reject) => {
      let cause: Error | undefined;
      launched.on('message', (report: Report) => {
        if (report.kind !== 'ready') return hear(report);
        wasReady = true;
        resolve();
      });
      launched.on('error', (error: Error) => (cause = error));
      launched.on('exit', () => {
        worker = undefined;
        // Says nothing to a promise that is settled already.
        reject(
          new EngineFailure('lost', `the writer did not start: ${cause?.message ?? 'it ended'}`),
        );
        onDeath();
        if (wasReady && !ending) bury(cause);
      });
    });
  }

  function bury(cause: Error | undefined): void {
    const isFirst = performance.now() - diedAt > ONCE_IN_MS;
    diedAt = performance.now();
    const then = isFirst ? 'it is started again' : 'it died twice in a row and stays dead';
    logger.error({ event: 'storage.writer_died', error: cause }, `the writer has died: ${then}`);
    if (!isFirst) return;
    launch().then(
      () => logger.info({ event: 'storage.writer_back' }, 'the writer is back'),
      // Its own exit has been heard, and told, above.
      () => undefined,
    );
  }

  const ready = launch();
  return {
    ready,
    isAlive: () => worker !== undefined,
    post: (order) => send(worker, order),
    async end() {
      ending = true;
      const last = worker;
      if (!last) return;
      const ended = once(last, 'exit', { signal: AbortSignal.timeout(END_WAIT_MS) });
      send(last, 'close');
      await ended.catch(() => last.terminate());
    },
  };
}

function send(worker: Worker | undefined, order: Order): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  worker?.postMessage(order);
}
