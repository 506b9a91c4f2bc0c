import { Worker } from 'node:worker_threads';
import type { Logger } from '../runtime/logger.ts';
import type { PasswordHint, PasswordScore } from './password-review.ts';
import type { StrengthAnswer, StrengthQuestion } from './strength-thread.ts';

export interface Strength {
  readonly score: PasswordScore;
  readonly hint: PasswordHint | undefined;
}

/** How hard a password is to guess. It takes some 50 ms, so another thread does it. */
export interface StrengthMeter {
  /** `names`: what the person is called. A meter that does not answer in time calls it middling. */
  measure(password: string, names: readonly string[]): Promise<Strength>;
  close(): Promise<void>;
}

/** Starting the thread takes half a second on a busy machine. */
const TIMEOUT_MS = 5000;
/** A thread that nobody asks gives its 30 MB back. */
const IDLE_MS = 60_000;
const WAITING_MAX = 100;
const UNKNOWN: Strength = { score: 2, hint: undefined };
const HINTS: Readonly<Record<string, PasswordHint>> = {
  straightRow: 'password.hint.keyboard',
  keyPattern: 'password.hint.keyboard',
  simpleRepeat: 'password.hint.repeats',
  extendedRepeat: 'password.hint.repeats',
  sequences: 'password.hint.repeats',
  recentYears: 'password.hint.dates',
  dates: 'password.hint.dates',
  topTen: 'password.hint.common',
  topHundred: 'password.hint.common',
  common: 'password.hint.common',
  similarToCommon: 'password.hint.common',
  wordByItself: 'password.hint.common',
  namesByThemselves: 'password.hint.common',
  commonNames: 'password.hint.common',
  userInputs: 'password.hint.ownName',
};
const SCORES: readonly PasswordScore[] = [0, 1, 2, 3, 4];
/** What needs no advice. */
const SCORE_GOOD = 3;

/** Starts its thread when it is first asked, and ends it when nobody asks any more. */
export function createStrengthMeter(
  logger: Logger,
  startThread: () => Worker = startStrengthThread,
): StrengthMeter {
  const waiting = new Map<number, (strength: Strength) => void>();
  let thread: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let asked = 0;

  function answerAll(strength: Strength): void {
    for (const answer of waiting.values()) answer(strength);
    waiting.clear();
  }

  function start(): Worker {
    const started = startThread();
    started.unref();
    started.on('message', ({ number, score, warning }: StrengthAnswer) => {
      waiting.get(number)?.(strengthOf(score, warning));
      waiting.delete(number);
    });
    started.on('error', (error) => {
      logger.warn({ event: 'password.strength_failed', error }, 'could not measure a password');
      if (thread === started) thread = undefined;
      answerAll(UNKNOWN);
    });
    return started;
  }

  async function end(): Promise<void> {
    clearTimeout(idle);
    const ending = thread;
    thread = undefined;
    answerAll(UNKNOWN);
    await ending?.terminate();
  }

  return {
    async measure(password, names) {
      if (waiting.size >= WAITING_MAX) return UNKNOWN;
      thread ??= start();
      clearTimeout(idle);
      idle = setTimeout(() => void end(), IDLE_MS).unref();
      asked += 1;
      const question: StrengthQuestion = { number: asked, password, names };
      const { promise, resolve } = Promise.withResolvers<Strength>();
      waiting.set(question.number, resolve);
      const timer = setTimeout(() => {
        waiting.delete(question.number);
        resolve(UNKNOWN);
      }, TIMEOUT_MS).unref();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.postMessage(question);
      return await promise.finally(() => clearTimeout(timer));
    },
    close: end,
  };
}

function startStrengthThread(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const url = new URL(`./strength-thread${extension}`, import.meta.url);
  return new Worker(url, { name: 'latchkey-strength' });
}

function strengthOf(score: number, warning: string | null): Strength {
  const known = SCORES.find((one) => one === score) ?? UNKNOWN.score;
  if (known >= SCORE_GOOD) return { score: known, hint: undefined };
  return { score: known, hint: HINTS[warning ?? ''] ?? 'password.hint.longer' };
}
