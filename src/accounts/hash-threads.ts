import { Worker } from 'node:worker_threads';
import type { HashAnswer, HashQuestion, HashThreadSettings } from './hash-thread.ts';

/** Threads that hash, one question each at a time. */
export interface HashThreads {
  /** Starts a thread when all are busy: how many there may be is the caller's affair. */
  ask(question: HashQuestion): Promise<string | boolean>;
}

/** A thread that nobody asks gives its memory back. */
const IDLE_MS = 60_000;

interface Thread {
  readonly worker: Worker;
  idle?: NodeJS.Timeout;
  answer?: PromiseWithResolvers<string | boolean>;
}

/**
 * Starts no thread before it is asked, and keeps no process alive. Where a thread can (Linux), `givesWay` puts
 * these behind all others.
 */
export function createHashThreads(
  givesWay: boolean,
  startThread: (givesWay: boolean) => Worker = startHashThread,
): HashThreads {
  const free: Thread[] = [];

  function start(): Thread {
    const worker = startThread(givesWay);
    const thread: Thread = { worker };
    worker.unref();
    worker.on('message', (answered: HashAnswer) => {
      const { answer } = thread;
      rest(thread);
      if (answered.kind === 'done') answer?.resolve(answered.result);
      else answer?.reject(new TypeError(`a password could not be hashed: ${answered.message}`));
    });
    worker.on('error', (error) => thread.answer?.reject(error));
    worker.on('exit', () => {
      leave(thread);
      thread.answer?.reject(new TypeError('a thread that hashes has ended'));
    });
    return thread;
  }

  function rest(thread: Thread): void {
    delete thread.answer;
    thread.worker.unref();
    thread.idle = setTimeout(() => {
      leave(thread);
      void thread.worker.terminate();
    }, IDLE_MS).unref();
    free.push(thread);
  }

  function leave(thread: Thread): void {
    const place = free.indexOf(thread);
    if (place >= 0) free.splice(place, 1);
  }

  return {
    ask(question) {
      // The last that rested: the others may rest until they are ended.
      const thread = free.pop() ?? start();
      clearTimeout(thread.idle);
      thread.answer = Promise.withResolvers();
      // Whoever waits for an answer waits for it to the end.
      thread.worker.ref();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.worker.postMessage(question);
      return thread.answer.promise;
    },
  };
}

function startHashThread(givesWay: boolean): Worker {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const url = new URL(`./hash-thread${extension}`, import.meta.url);
  const workerData: HashThreadSettings = { givesWay };
  return new Worker(url, { name: 'latchkey-hash', workerData });
}
