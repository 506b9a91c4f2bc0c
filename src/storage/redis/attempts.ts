import { setTimeout as delay } from 'node:timers/promises';
import { randomId } from '../../runtime/random.ts';
import { StateFull, StateUnavailable } from '../state.ts';
import { advise, failureOf, messageOf } from './errors.ts';
import type { Fence } from './fence.ts';
import type { Lane } from './lanes.ts';
import { asking, type Wire } from './link.ts';
import { redirectOf, type Redirect } from './redirects.ts';
import type { Ways } from './topology.ts';

/** What one try of a verb has to know of those before it. */
export interface Trial {
  /** An earlier try was sent and never answered: this one has to find out whether it was done. */
  readonly mayBeDone: boolean;
  /**
   * False once the slot was found to be moving: a script may touch one key only then, so that this try
   * leaves no mark, and neither may have those before it.
   */
  readonly hasMarks: boolean;
}

type Try<Answer> = (wire: Wire, trial: Trial, fence: Fence) => Promise<Answer>;

/** Tries a verb on the key `name` until it is answered, refused, or its time is over. */
export type Attempt = <Answer>(
  name: string,
  once: Try<Answer>,
  how?: { readonly durable?: boolean | undefined },
) => Promise<Answer>;

const TRIES_MAX = 3;
const REDIRECTS_MAX = 32;
const PAUSE_MS = 25;
const ATTEMPT_BYTES = 9;
const FIRST: Trial = { mayBeDone: false, hasMarks: true };

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
 * Answers within `timeoutMs` or fails with StateUnavailable: waits for a lost link to come back, goes where
 * a Cluster sends it, and tries what is not known to be done, or known not to be done, again.
 */
export function createAttempt(ways: Ways, timeoutMs: number): Attempt {
  return (name, once, { durable = false } = {}) => {
    const startedAt = performance.now();
    const verb = { ways, name, once, durable, timeoutMs, startedAt };
    const lane = laneOf(verb);
    if (!lane?.link.isReady()) return tryAgain(verb);
    lane.link.gather();
    return lane
      .run(() => once(lane.link, FIRST, lane.fence))
      .catch((error: unknown) => tryAgain(verb, { error }));
  };
}

interface Verb<Answer> {
  readonly ways: Ways;
  readonly name: string;
  readonly once: Try<Answer>;
  readonly durable: boolean;
  readonly timeoutMs: number;
  readonly startedAt: number;
}

/** What the tries so far have taught. */
interface Course {
  trial: Trial;
  failures: number;
  redirects: number;
  /** Where the next try goes in place of the master of its slot. */
  detour: string | undefined;
  error: unknown;
}

/** The lane to its master, once that may be used; writes that last have one of their own. */
function laneOf<Answer>({ ways, name, durable }: Verb<Answer>): Lane | undefined {
  const lanes = ways.lanesOf(name);
  if (!durable || !lanes?.main.link.isReady()) return lanes?.main;
  return lanes.durable();
}

/** `failed`: how the first try ended; left out: it was not made, for want of a link. */
async function tryAgain<Answer>(
  verb: Verb<Answer>,
  failed?: { readonly error: unknown },
): Promise<Answer> {
  const course: Course = {
    trial: FIRST,
    failures: 0,
    redirects: 0,
    detour: undefined,
    error: undefined,
  };
  if (failed) await learn(verb, course, failed.error);
  else course.failures = 1;
  while (course.failures < TRIES_MAX && course.redirects < REDIRECTS_MAX) {
    const remainingMs = verb.timeoutMs - (performance.now() - verb.startedAt);
    if (remainingMs <= 0) break;
    try {
      return await within(remainingMs, tryOnce(verb, course, remainingMs));
    } catch (error) {
      await learn(verb, course, error);
    }
  }
  throw new StateUnavailable(
    `Redis gave no answer within ${verb.timeoutMs} ms: ${messageOf(course.error)}`,
  );
}

async function tryOnce<Answer>(
  verb: Verb<Answer>,
  { detour, trial }: Course,
  limitMs: number,
): Promise<Answer> {
  const { ways, name, durable, once } = verb;
  if (detour !== undefined) {
    const lanes = ways.lanesAt(detour);
    await untilReady(lanes.main, limitMs);
    const lane = durable ? lanes.durable() : lanes.main;
    await untilReady(lane, limitMs);
    return await lane.run(() => once(asking(lane.link), trial, lane.fence));
  }
  if (!(await ways.untilReady(name, limitMs))) {
    throw new StateUnavailable(`Redis is not there: ${advise(ways.troubleOf(name))}`);
  }
  const lane = laneOf(verb);
  if (!lane) throw new StateUnavailable('Redis is not there: no node has the slot');
  await untilReady(lane, limitMs);
  return await lane.run(() => once(lane.link, trial, lane.fence));
}

async function untilReady({ link }: Lane, limitMs: number): Promise<void> {
  if (await link.untilReady(limitMs)) return;
  throw new StateUnavailable(`Redis is not there: ${advise(link.trouble())}`);
}

/**
 * Notes what a failed try teaches. Throws when trying again is no use, without the error itself: ioredis
 * hangs on it the values that were to be written.
 */
async function learn<Answer>(verb: Verb<Answer>, course: Course, error: unknown): Promise<void> {
  course.error = error;
  course.detour = undefined;
  const redirect = redirectOf(error);
  if (redirect) {
    await follow(verb, course, redirect);
    return;
  }
  course.failures += 1;
  if (mayBeDoneAfter(error)) course.trial = { ...course.trial, mayBeDone: true };
}

async function follow<Answer>(
  { ways }: Verb<Answer>,
  course: Course,
  redirect: Redirect,
): Promise<void> {
  course.redirects += 1;
  switch (redirect.kind) {
    case 'moved':
      ways.moved(redirect);
      break;
    case 'ask':
      course.detour = redirect.node;
      course.trial = { ...course.trial, hasMarks: false };
      break;
    case 'scattered':
      course.trial = { ...course.trial, hasMarks: false };
      break;
    case 'down':
      await delay(PAUSE_MS);
      break;
  }
}

/** True if what failed with `error` may have been done all the same. */
function mayBeDoneAfter(error: unknown): boolean {
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
