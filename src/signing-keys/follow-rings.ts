import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { CurrentKeys } from './current-keys.ts';
import type { RingKeeper } from './ring-keeper.ts';
import type { RingStore } from './ring-store.ts';
import type { RingView } from './ring-view.ts';

const READ_EVERY_SECONDS = 1;
const WAIT_MIN_SECONDS = 0.001;

/** A node's heartbeat: reads the rings again, changes the key set in its second, lets the keeper work. */
export interface Follower {
  close(): Promise<void>;
}

/** Follows the rings until closed. Notifications only hasten it. */
export function followRings(options: {
  readonly store: RingStore;
  readonly view: RingView;
  readonly current: CurrentKeys;
  readonly keeper: RingKeeper;
  readonly clock: Clock;
  readonly logger: Logger;
}): Follower {
  const { store, view, current, keeper, clock, logger } = options;
  const stop = new AbortController();
  const told = createStory(logger);
  let unsubscribe: (() => Promise<void>) | undefined;
  let tending: Promise<void> | undefined;

  async function beat(): Promise<void> {
    try {
      unsubscribe ??= await store.subscribe(hasten);
      await view.refresh();
      told.connected(view.problems());
    } catch (error) {
      told.cutOff(error);
      return;
    }
    // Making an RSA key takes a while; meanwhile the rings are read on.
    tending ??= tend().finally(() => (tending = undefined));
  }

  async function tend(): Promise<void> {
    try {
      if (await keeper.tend()) await view.refresh();
      told.tended();
    } catch (error) {
      told.notTended(error);
    }
  }

  function hasten(): void {
    // A reading under way may have missed what the notification is about.
    view.refresh().then(view.refresh, view.refresh).catch(told.cutOff);
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      current.rebuild();
      await beat();
      await clock.sleep(secondsUntilBeat(current, clock), stop.signal).catch(() => undefined);
    }
  }

  const following = follow();
  return {
    async close() {
      stop.abort();
      await following;
      await tending;
      await unsubscribe?.();
    },
  };
}

/** A second, or less when a phase changes before. */
function secondsUntilBeat(current: CurrentKeys, clock: Clock): number {
  const { changesAt = Infinity } = current.current();
  const untilChange = changesAt - clock.nowMs() / 1000;
  return Math.max(WAIT_MIN_SECONDS, Math.min(READ_EVERY_SECONDS, untilChange));
}

interface Story {
  connected(problems: readonly string[]): void;
  cutOff(cause: unknown): void;
  tended(): void;
  notTended(cause: unknown): void;
}

/** Tells the log when something begins and when it ends, not every second. */
function createStory(logger: Logger): Story {
  let isCutOff = false;
  let isStuck = false;
  let toldProblems = '';

  return {
    connected(problems) {
      if (isCutOff) logger.info({ event: 'key.connected' }, 'the signing keys are read again');
      isCutOff = false;
      const text = problems.join('\n');
      if (text !== '' && text !== toldProblems)
        logger.error({ event: 'key.ring_broken', problems }, 'a ring in the state cannot be used');
      toldProblems = text;
    },
    cutOff(cause) {
      if (!isCutOff)
        logger.warn(
          { event: 'key.cut_off', error: errorOf(cause) },
          'the signing keys cannot be read: the known ones stay published, nothing is signed',
        );
      isCutOff = true;
    },
    tended() {
      isStuck = false;
    },
    notTended(cause) {
      if (!isStuck)
        logger.error(
          { event: 'key.not_tended', error: errorOf(cause) },
          'a ring could not be kept',
        );
      isStuck = true;
    },
  };
}

function errorOf(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
