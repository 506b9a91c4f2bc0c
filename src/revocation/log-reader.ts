import type { State } from '../storage/state.ts';
import { inFull, type NumberedEntry, type Remembering } from './entry.ts';
import { hasGoneBack, type Epoch, type HighWater } from './epoch.ts';
import type { HighWaterRecords } from './high-water-records.ts';
import { createLogCursor } from './log-cursor.ts';
import type { LogKeys } from './log-keys.ts';
import { beginningOf, numberAt, type Place } from './log-place.ts';
import type { RevocationMemory } from './memory.ts';
import { readEpochEntry, renewEpoch, type Loss } from './renew-epoch.ts';

/** Reads the log into memory and notices when it has lost entries. One `read` at a time. */
export interface LogReader {
  /** Applies the log up to its end. Throws what the stores threw; the next read goes on from there. */
  read(): Promise<void>;
  /** How far the log was applied; undefined: not at all yet, or a part of it only. */
  position(): HighWater | undefined;
  /** Makes the next read begin a new epoch, unless a later one than the lost one is followed already. */
  declareLost(loss: Loss): void;
}

export interface LogReaderOptions {
  readonly state: State;
  readonly highWater: HighWaterRecords;
  readonly keys: LogKeys;
  readonly memory: RevocationMemory;
  /** By the clock of this node. */
  readonly remembering: () => Remembering;
  /** Called when this node began an epoch; `reason` is empty for the first of an installation. */
  readonly onEpochBegun: (epoch: Epoch, reason: string) => void;
}

/** Stands nowhere until the first read. */
export function createLogReader(options: LogReaderOptions): LogReader {
  const { state, highWater, keys, onEpochBegun } = options;
  // Entries that come while the log is followed are new by this node's clock, too.
  const apply = (entry: NumberedEntry): void =>
    options.memory.apply(isLoaded ? inFull(entry, options.remembering()) : entry);
  const cursor = createLogCursor({ ...options, memory: { ...options.memory, apply } });
  /** Set until a later epoch is followed, so that evidence of a loss survives a failure on the way. */
  let loss: Loss | undefined;
  let isLoaded = false;

  /** The first read of this node: what state says must not be behind what the records know. */
  async function open(): Promise<Loss | undefined> {
    const [{ epoch }, kept] = await Promise.all([readEpochEntry(state, keys), highWater.read()]);
    if (epoch === undefined) {
      return { reason: kept && 'the log is gone', generation: kept?.generation ?? 0 };
    }
    const from = beginningOf(epoch);
    const page = await cursor.read(from);
    return lossOnOpening(epoch, kept, page.last) ?? cursor.applyFrom(from, page);
  }

  async function readOn(at: Place): Promise<Loss | undefined> {
    const [{ epoch }, page] = await Promise.all([readEpochEntry(state, keys), cursor.read(at)]);
    if (epoch === undefined || hasGoneBack(epoch, at.epoch)) {
      return { reason: 'the epoch went back', generation: at.epoch.generation };
    }
    if (epoch.id === at.epoch.id) return cursor.applyFrom(at, page);
    isLoaded = false;
    return cursor.follow(epoch);
  }

  async function renew(lost: Loss): Promise<Loss | undefined> {
    loss = lost;
    isLoaded = false;
    const at = cursor.place();
    const own = at && numberAt(at);
    const { epoch, isOurs } = await renewEpoch({ state, highWater, keys }, lost, own);
    if (isOurs) {
      onEpochBegun(epoch, lost.reason ?? '');
      await highWater.raise(numberAt(beginningOf(epoch)));
    }
    return cursor.follow(epoch);
  }

  return {
    async read() {
      const at = cursor.place();
      let found = loss ?? (await (at === undefined ? open() : readOn(at)));
      while (found !== undefined) found = await renew(found);
      const followed = cursor.place()?.epoch.generation ?? 0;
      // What was declared lost during this read is for the next one.
      if (loss !== undefined && followed > loss.generation) loss = undefined;
      isLoaded = loss === undefined;
    },
    position() {
      const at = cursor.place();
      return at === undefined || !isLoaded ? undefined : numberAt(at);
    },
    declareLost(found) {
      if (found.generation < (cursor.place()?.epoch.generation ?? 0)) return;
      loss ??= found;
      isLoaded = false;
    },
  };
}

/** What the records remember is not behind what state holds, or state was lost, or restored from a copy. */
function lossOnOpening(epoch: Epoch, kept: HighWater | undefined, last: number): Loss | undefined {
  if (kept === undefined) return undefined;
  if (hasGoneBack(epoch, kept)) {
    return { reason: 'state is older than the records', generation: kept.generation };
  }
  if (kept.id === epoch.id && kept.number > epoch.offset + last) {
    const { generation } = epoch;
    return { reason: 'the log is shorter than the records remember', generation };
  }
  return undefined;
}
