import { randomId } from '../../runtime/random.ts';
import { StateFull, StateUnavailable } from '../state.ts';
import { advise, failureOf, messageOf } from './errors.ts';
import type { Link } from './link.ts';

/**
 * One try of a verb. `mayBeDone`: an earlier try of the same attempt was sent and never answered, so that
 * this one has to find out whether it was done.
 */
type Try<Answer> = (mayBeDone: boolean) => Promise<Answer>;

/** Tries a verb until it is answered, refused, or its time is over. */
export type Attempt = <Answer>(once: Try<Answer>) => Promise<Answer>;

const TRIES_MAX = 3;
const ATTEMPT_BYTES = 9;

/** Gives attempt ids. They are also versions: no two are alike, on any node. */
export function createAttemptIds(): () => string {
  const handle = randomId(ATTEMPT_BYTES);
  let attempts = 0;
  return () => {
    attempts += 1;
    return `${handle}.${attempts.toString(36)}`;
  };
}

/**
 * Answers within `timeoutMs` or fails with StateUnavailable: waits for a lost link to come back, and tries
 * what is not known to be done, or known not to be done, again.
 */
export function createAttempt(link: Link, timeoutMs: number): Attempt {
  return (once) => {
    const startedAt = performance.now();
    if (!link.isReady()) return tryAgain(link, once, { startedAt, timeoutMs });
    link.gather();
    return once(false).catch((error: unknown) =>
      tryAgain(link, once, { startedAt, timeoutMs, error }),
    );
  };
}

interface Course {
  readonly startedAt: number;
  readonly timeoutMs: number;
  /** How the first try failed; left out: it was not made, for want of a link. */
  readonly error?: unknown;
}

async function tryAgain<Answer>(link: Link, once: Try<Answer>, course: Course): Promise<Answer> {
  let { error } = course;
  let mayBeDone = false;
  for (let tries = 1; tries < TRIES_MAX; tries += 1) {
    mayBeDone = error === undefined ? mayBeDone : judge(error) || mayBeDone;
    const remainingMs = course.timeoutMs - (performance.now() - course.startedAt);
    if (remainingMs <= 0) break;
    if (!(await link.untilReady(remainingMs))) {
      throw new StateUnavailable(`Redis is not there: ${advise(link.trouble())}`);
    }
    try {
      return await within(remainingMs, once(mayBeDone));
    } catch (failed) {
      error = failed;
    }
  }
  judge(error);
  throw new StateUnavailable(
    `Redis gave no answer within ${course.timeoutMs} ms: ${messageOf(error)}`,
  );
}

/**
 * True if what failed with `error` may have been done all the same. Throws when trying again is no use,
 * without the error itself: ioredis hangs on it the values that were to be written.
 */
function judge(error: unknown): boolean {
  if (error instanceof StateUnavailable) throw error;
  switch (failureOf(error)) {
    case 'full':
      throw new StateFull('Redis has no memory left: raise its maxmemory');
    case 'refused':
      throw new StateUnavailable(`Redis refuses: ${messageOf(error)}`);
    case 'lost':
      return true;
    case 'unsent':
      return false;
  }
}

async function within<Answer>(limitMs: number, answer: Promise<Answer>): Promise<Answer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new StateUnavailable('Redis gave no answer in time')),
    limitMs,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
