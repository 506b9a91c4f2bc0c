import type { State } from '../storage/state.ts';
import { entryValue, type RevocationEntry } from './entry.ts';
import type { HighWater } from './epoch.ts';
import type { LogFollower } from './log-follower.ts';
import type { LogKeys } from './log-keys.ts';
import { RevocationUnknown } from './revocation.ts';

/** How many entries go into one durable append. */
const BATCH_MAX = 500;
/** How often the epoch may change under one append before it gives up. */
const ATTEMPTS_MAX = 5;

/** The way into the log. */
export interface EntryAppender {
  /**
   * Resolves to the entry's place once it is durable and this node has applied it.
   *
   * @throws {StateUnavailable} {RevocationUnknown} when it may or may not stand.
   */
  append(entry: RevocationEntry): Promise<HighWater>;
}

interface EntryAppenderOptions {
  readonly state: State;
  readonly keys: LogKeys;
  readonly follower: LogFollower;
}

interface Waiting {
  readonly entry: RevocationEntry;
  readonly settle: (place: HighWater) => void;
  readonly refuse: (error: unknown) => void;
}

/** Appends one batch at a time: what arrives meanwhile goes together with the next. */
export function createEntryAppender({
  state,
  keys,
  follower,
}: EntryAppenderOptions): EntryAppender {
  let queue: Waiting[] = [];
  let isAppending = false;

  async function knownPosition(): Promise<HighWater> {
    if (follower.position() === undefined) await follower.catchUp();
    const position = follower.position();
    if (position === undefined) throw new RevocationUnknown('the log is not known');
    return position;
  }

  /** The place of the last entry. */
  async function appendBatch(entries: readonly RevocationEntry[]): Promise<HighWater> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const { id } = await knownPosition();
      const options = { durable: true, essential: true };
      const last = await state.append(keys.log(id), entries.map(entryValue), options);
      // Only hastens: whoever does not hear of it polls.
      state.notify(keys.topic).catch(() => undefined);
      await follower.catchUp();
      const position = await knownPosition();
      // Else an epoch began meanwhile, and the entries are in a log that nobody reads any more.
      if (position.id === id) return { ...position, number: position.offset + last };
    }
    throw new RevocationUnknown('the epoch changed again and again');
  }

  async function appendAll(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH_MAX);
      queue = queue.slice(BATCH_MAX);
      try {
        const last = await appendBatch(batch.map(({ entry }) => entry));
        for (const [index, { settle }] of batch.entries()) {
          settle({ ...last, number: last.number - batch.length + 1 + index });
        }
      } catch (error) {
        for (const { refuse } of batch) refuse(error);
      }
    }
    isAppending = false;
  }

  return {
    append: (entry) =>
      new Promise((settle, refuse) => {
        queue.push({ entry, settle, refuse });
        if (isAppending) return;
        isAppending = true;
        // Begins after this turn, so that entries that come together go together. It rejects never.
        void Promise.resolve().then(appendAll);
      }),
  };
}
