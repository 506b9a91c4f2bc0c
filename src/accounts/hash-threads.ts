import { Worker } from 'node:worker_threads';
import type { HashAnswer, HashQuestion, HashThreadSettings, Numbered } from './hash-thread.ts';

/** Threads that hash. */
export interface HashThreads {
  /**
   * As many questions as there are threads are answered at once. Each thread has one more at hand, and goes on without
   * the event loop; how many are asked is the caller's affair. Where a thread can (Linux), one for a question that
   * `givesWay` runs behind all others.
   */
  ask(question: HashQuestion, givesWay: boolean): Promise<string | boolean>;
}

type StartThread = (givesWay: boolean) => Worker;

/** A thread that nobody asks gives its memory back. */
const IDLE_MS = 60_000;

/** Starts no thread before it is asked, and keeps no process alive. */
export function createHashThreads(
  count: number,
  startThread: StartThread = startHashThread,
): HashThreads {
  const places = Array.from({ length: count }, () => createPlace(startThread));

  return {
    ask(question, givesWay) {
      // The last of those that have least to do: the others may rest until they are ended.
      const place = places.reduce((best, one) => (one.asked() <= best.asked() ? one : best));
      return place.ask(question, givesWay);
    },
  };
}

interface Place extends HashThreads {
  /** Questions without an answer. */
  asked(): number;
}

/** One question is answered after the other, by a thread that gives way or by one that does not. */
function createPlace(startThread: StartThread): Place {
  const eager = createHashThread(() => startThread(false));
  const patient = createHashThread(() => startThread(true));
  let asked = 0;
  let last = { thread: eager, handedOver: Promise.resolve(), ended: Promise.resolve() };

  return {
    asked: () => asked,
    ask(question, givesWay) {
      const thread = givesWay ? patient : eager;
      // The same thread takes it behind what it has; the other must not begin meanwhile.
      const handedOver = thread === last.thread ? last.handedOver : last.ended;
      const answer = handedOver.then(() => thread.ask(question));
      const end = (): void => void (asked -= 1);
      asked += 1;
      last = { thread, handedOver, ended: answer.then(end, end) };
      return answer;
    },
  };
}

interface HashThread {
  ask(question: HashQuestion): Promise<string | boolean>;
}

/** One question at a time. */
function createHashThread(start: () => Worker): HashThread {
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  const answers = new Map<number, PromiseWithResolvers<string | boolean>>();
  let asked = 0;

  function startOne(): Worker {
    const started = start();
    started.on('message', (answered: Numbered<HashAnswer>) => {
      const answer = answers.get(answered.number);
      answers.delete(answered.number);
      if (answers.size === 0) rest(started);
      if (answered.kind === 'done') answer?.resolve(answered.result);
      else answer?.reject(new TypeError(`a password could not be hashed: ${answered.message}`));
    });
    started.on('error', (error) => leave(started, error));
    started.on('exit', () => leave(started, new TypeError('a thread that hashes has ended')));
    return started;
  }

  function rest(started: Worker): void {
    started.unref();
    idle = setTimeout(() => {
      leave(started, new TypeError('nobody asks it'));
      void started.terminate();
    }, IDLE_MS).unref();
  }

  function leave(gone: Worker, error: Error): void {
    if (worker !== gone) return;
    worker = undefined;
    for (const answer of answers.values()) answer.reject(error);
    answers.clear();
  }

  return {
    ask(question) {
      clearTimeout(idle);
      worker ??= startOne();
      // Whoever waits for an answer waits for it to the end.
      worker.ref();
      const answer = Promise.withResolvers<string | boolean>();
      asked += 1;
      answers.set(asked, answer);
      const numbered: Numbered<HashQuestion> = { number: asked, ...question };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(numbered);
      return answer.promise;
    },
  };
}

function startHashThread(givesWay: boolean): Worker {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const url = new URL(`./hash-thread${extension}`, import.meta.url);
  const workerData: HashThreadSettings = { givesWay };
  return new Worker(url, { name: 'latchkey-hash', workerData });
}
