import type { LogPage } from '../storage/state.ts';
import { readEntry } from './entry.ts';
import type { Epoch, HighWater } from './epoch.ts';
import type { RevocationMemory } from './memory.ts';

/** Where in the log of which epoch a node stands. */
export interface Place {
  readonly epoch: Epoch;
  /** Counted in the log of this epoch, without the offset. */
  readonly applied: number;
  /** The id of the entry at `applied`; undefined when it had been trimmed. */
  readonly id: string | undefined;
}

/** The beginning of an epoch. */
export function beginningOf(epoch: Epoch): Place {
  return { epoch, applied: 0, id: undefined };
}

/** The place in numbers of the feed. */
export function numberAt({ epoch, applied }: Place): HighWater {
  return { ...epoch, number: epoch.offset + applied };
}

/** From where to read on: one before the end, to see that the entry there is still the one that was applied. */
export function readFrom({ applied }: Place): number {
  return Math.max(applied - 1, 0);
}

/** The page goes on where the node stands: nothing it had applied is gone or became something else. */
export function continues({ applied, id }: Place, page: LogPage): boolean {
  if (page.last < applied) return false;
  const here = page.entries.find(({ number }) => number === applied);
  // Not there: trimmed, which happens only to entries whose every token is dead.
  return here === undefined || id === undefined || readEntry(here.value).id === id;
}

/** Applies what the page has that is new, and gives where that leads. */
export function applyPage(place: Place, page: LogPage, memory: RevocationMemory): Place {
  let { applied, id } = place;
  for (const { number, value } of page.entries) {
    if (number <= applied) continue;
    const entry = readEntry(value);
    memory.apply({ ...entry, number: place.epoch.offset + number });
    applied = number;
    id = entry.id;
  }
  // All that this node had not seen was trimmed.
  const isEmpty = page.first > page.last && page.last > applied;
  return isEmpty ? { ...place, applied: page.last, id: undefined } : { ...place, applied, id };
}
