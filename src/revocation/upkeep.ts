import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../storage/state.ts';
import type { AgreedTime } from './agreed-time.ts';
import type { HighWaterRecords } from './high-water-records.ts';
import type { LogFollower } from './log-follower.ts';
import type { LogKeys } from './log-keys.ts';
import type { RevocationMemory } from './memory.ts';
import type { Revoker } from './revoker.ts';
import { trimLog } from './trim-log.ts';

/** A notice that got lost costs at most this. */
const POLL_SECONDS = 0.2;
const OUTBOX_SECONDS = 1;
const TRIM_SECONDS = 60;

export interface UpkeepOptions {
  readonly state: State;
  readonly keys: LogKeys;
  readonly follower: LogFollower;
  readonly memory: RevocationMemory;
  readonly highWater: HighWaterRecords;
  readonly revoker: Revoker;
  readonly clock: Clock;
  readonly time: AgreedTime;
  readonly logger: Logger;
}

/** Keeps this node's knowledge fresh, the outbox empty and the log short, until it is closed. */
export function startUpkeep(options: UpkeepOptions): { close(): Promise<void> } {
  const { time, clock, follower, memory, logger } = options;
  const stop = new AbortController();
  const listening = createListening(options);
  const raise = createRaising(options);

  async function every(seconds: number, work: () => Promise<void>): Promise<void> {
    while (!stop.signal.aborted) {
      await work().catch((error: unknown) => {
        logger.debug({ event: 'revocation.upkeep', reason: String(error) }, 'will be tried again');
      });
      await clock.sleep(seconds, stop.signal).catch(() => undefined); // Only the abort ends it early.
    }
  }

  async function follow(): Promise<void> {
    memory.sweep(time.now());
    await follower.catchUp();
    await listening.begin();
    await raise();
  }

  async function carryOut(): Promise<void> {
    while (await options.revoker.carryOut());
  }

  async function tidy(): Promise<void> {
    await time.check();
    await trimLog(options);
  }

  const loops = [
    every(POLL_SECONDS, createWatch(options, follow)),
    every(OUTBOX_SECONDS, carryOut),
    every(TRIM_SECONDS, tidy),
  ];
  return {
    async close() {
      stop.abort();
      await Promise.all([...loops, listening.end()]);
    },
  };
}

/** Tells the log once when the node is cut off, and once when it is not any more. */
function createWatch(
  { logger, follower }: UpkeepOptions,
  work: () => Promise<void>,
): () => Promise<void> {
  let isTold = false;
  return async () => {
    const error = await work().then(
      () => undefined,
      (fault: unknown) => (fault instanceof Error ? fault : new Error(String(fault))),
    );
    const isFailing = follower.failingForMs() > 0;
    if (isFailing && !isTold) {
      logger.warn({ event: 'revocation.cut_off', error }, 'the log of revocations cannot be read');
    }
    if (!isFailing && isTold) {
      logger.info({ event: 'revocation.caught_up' }, 'the log of revocations is read again');
    }
    isTold = isFailing;
  };
}

/** Listens for new entries as soon as state lets it. */
function createListening({ state, keys, follower }: UpkeepOptions): {
  begin(): Promise<void>;
  end(): Promise<void>;
} {
  let unsubscribe: (() => Promise<void>) | undefined;
  return {
    async begin() {
      unsubscribe ??= await state.subscribe(keys.topic, () => {
        follower.catchUp().catch(() => undefined); // The next poll tries again.
      });
    },
    async end() {
      await unsubscribe?.();
    },
  };
}

/** Tells the records how far the log has come, when it has. */
function createRaising({ follower, highWater }: UpkeepOptions): () => Promise<void> {
  let raised = -1;
  return async () => {
    const position = follower.position();
    if (position === undefined || position.number === raised) return;
    await highWater.raise(position);
    raised = position.number;
  };
}
