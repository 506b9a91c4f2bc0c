import { setTimeout as delay } from 'node:timers/promises';

/** Where every room reads the time, so that a test can move it. */
export interface Clock {
  /** Whole seconds since the epoch (a NumericDate, RFC 7519 section 2). */
  now(): number;
  /** Milliseconds since the epoch, for what needs more than a NumericDate. */
  nowMs(): number;
  /** Resolves after `seconds`; rejects with the signal's reason when aborted. */
  sleep(seconds: number, signal: AbortSignal): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  nowMs: () => Date.now(),
  sleep: (seconds, signal) => delay(seconds * 1000, undefined, { signal }),
};

/** The machine's clock, which somebody may put forward. */
export interface MovableClock extends Clock {
  /** Time that only passes (`performance.now`), with whatever the clock was put forward by. */
  elapsedMs(): number;
  /** How far it is ahead of the machine's. */
  aheadMs(): number;
  /**
   * Puts it forward: whoever sleeps wakes as their time has come. From then on `Date` tells this time to the
   * whole process, since the engine and `jose` read nothing else. Resolves when the jobs that it woke
   * sleep again, at the latest after two seconds.
   *
   * @throws {TypeError} by less than nothing: what was decided cannot be taken back.
   */
  advance(ms: number): Promise<void>;
  /**
   * So far ahead of the machine's from now on, which may be less than before: for a house that remembers nothing of
   * what it would take back, and in which nobody sleeps.
   */
  beginAt(aheadMs: number): void;
  /** Gives the process the machine's `Date` back, and this clock its time. */
  close(): void;
}

const MACHINE_DATE = Date;
/** No timer of Node's is longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const SETTLED_MS_MAX = 2000;
/** Whoever was woken and does not sleep again in this time had something to do only once. */
const QUIET_MS = 50;

/**
 * For the dev profile alone: a clock for tests of what takes weeks. Time-outs by `performance.now` and plain timers
 * stay with the machine.
 *
 * @throws {TypeError} when the process's `Date` is moved already: there is one for all.
 */
export function createMovableClock(): MovableClock {
  if (Date !== MACHINE_DATE) throw new TypeError('the Date of this process is moved already');
  const sleepers = new Set<() => void>();
  let aheadMs = 0;
  const nowMs = (): number => MACHINE_DATE.now() + aheadMs;

  return {
    now: () => Math.floor(nowMs() / 1000),
    nowMs,
    elapsedMs: () => performance.now() + aheadMs,
    aheadMs: () => aheadMs,
    sleep: (seconds, signal) => sleepUntil(nowMs() + seconds * 1000, { nowMs, signal, sleepers }),
    async advance(ms) {
      if (!(ms >= 0)) throw new TypeError('a clock that goes back');
      const asleep = sleepers.size;
      aheadMs += Math.round(ms);
      globalThis.Date = dateOf(nowMs);
      for (const look of sleepers) look();
      await settle(sleepers, asleep);
    },
    beginAt(ms) {
      aheadMs = ms;
      globalThis.Date = ms === 0 ? MACHINE_DATE : dateOf(nowMs);
    },
    close() {
      globalThis.Date = MACHINE_DATE;
      aheadMs = 0;
    },
  };
}

async function settle(sleepers: ReadonlySet<unknown>, asleep: number): Promise<void> {
  const began = performance.now();
  let [seen, seenMs] = [sleepers.size, began];
  while (sleepers.size < asleep) {
    await delay(1);
    const now = performance.now();
    if (sleepers.size !== seen) [seen, seenMs] = [sleepers.size, now];
    if (now - seenMs > QUIET_MS || now - began > SETTLED_MS_MAX) return;
  }
}

function sleepUntil(
  untilMs: number,
  {
    nowMs,
    signal,
    sleepers,
  }: { nowMs: () => number; signal: AbortSignal; sleepers: Set<() => void> },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(reasonOf(signal));
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const leave = (): void => {
      clearTimeout(timer);
      sleepers.delete(look);
      signal.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      leave();
      reject(reasonOf(signal));
    };
    /** Timers count what passes on the machine, so that a move needs another one. */
    const look = (): void => {
      clearTimeout(timer);
      const restMs = untilMs - nowMs();
      if (restMs > 0) {
        timer = setTimeout(look, Math.min(restMs, TIMER_MS_MAX));
        return;
      }
      leave();
      resolve();
    };
    sleepers.add(look);
    signal.addEventListener('abort', abort);
    look();
  });
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** `Date` as it is but for the time of the moment; a proxy, so that `instanceof` goes on to hold. */
function dateOf(nowMs: () => number): DateConstructor {
  return new Proxy(MACHINE_DATE, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [nowMs()] : args, newTarget),
    apply: () => new MACHINE_DATE(nowMs()).toString(),
    get: (target, name, receiver) => (name === 'now' ? nowMs : Reflect.get(target, name, receiver)),
  });
}
