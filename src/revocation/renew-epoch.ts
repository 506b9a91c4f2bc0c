import type { Entry, State } from '../storage/state.ts';
import { epochValue, nextEpoch, readEpoch, type Epoch, type HighWater } from './epoch.ts';
import type { HighWaterRecords } from './high-water-records.ts';
import type { LogKeys } from './log-keys.ts';

/** What became known of a log that lost entries. */
export interface Loss {
  /** In plain words, for operators; undefined before the first epoch of an installation. */
  readonly reason: string | undefined;
  /** The latest generation that is lost: only a later one may be followed. */
  readonly generation: number;
}

interface RenewOptions {
  readonly state: State;
  readonly highWater: HighWaterRecords;
  readonly keys: LogKeys;
}

/** The epoch in state, with the stamp that a swap needs. */
export async function readEpochEntry(
  state: State,
  keys: LogKeys,
): Promise<{ readonly entry: Entry | undefined; readonly epoch: Epoch | undefined }> {
  const entry = await state.get(keys.epoch);
  return { entry, epoch: entry && readEpoch(entry.value) };
}

/**
 * Begins the epoch that follows a loss, or gives the one that another node began first.
 *
 * @throws {StateUnavailable} {RecordsUnavailable} when it cannot be known what to begin with.
 */
export async function renewEpoch(
  { state, highWater, keys }: RenewOptions,
  loss: Loss,
  own: HighWater | undefined,
): Promise<{ readonly epoch: Epoch; readonly isOurs: boolean }> {
  for (;;) {
    const [{ entry, epoch }, kept] = await Promise.all([
      readEpochEntry(state, keys),
      highWater.read(),
    ]);
    if (epoch !== undefined && epoch.generation > loss.generation) return { epoch, isOurs: false };
    const next = nextEpoch([own, kept, epoch && { ...epoch, number: epoch.offset }]);
    const options = { durable: true, essential: true };
    const version = await state.swap(keys.epoch, entry?.version, epochValue(next), options);
    if (version !== undefined) return { epoch: next, isOurs: true };
    // Another node was faster: the next look finds what it began.
  }
}
