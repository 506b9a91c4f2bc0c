import type { Clock } from '../runtime/clock.ts';
import type { State } from '../storage/state.ts';
import { readLedgerEntry } from './ledger-entry.ts';
import type { LedgerKeys } from './ledger-keys.ts';

const PAGE = 100;
const TRIM_EVERY_SECONDS = 60;

interface TrimOptions {
  readonly state: State;
  readonly keys: LedgerKeys;
  readonly clock: Clock;
  readonly tolerance: number;
}

/** Forgets the oldest entries of which nothing lives. Of all nodes that call this within a minute one does the work. */
export async function trimLedger({ state, keys, clock, tolerance }: TrimOptions): Promise<void> {
  if ((await state.count(keys.trim, 1, TRIM_EVERY_SECONDS - 1)) > 1) return;
  for (;;) {
    const { entries } = await state.readLog(keys.ledger, 0, PAGE);
    const isOver = (until: number): boolean => until + tolerance < clock.now();
    const kept = entries.findIndex(({ value }) => !isOver(readLedgerEntry(value).until));
    const dead = kept === -1 ? entries : entries.slice(0, kept);
    const upTo = dead.at(-1)?.number;
    if (upTo === undefined) return;
    await state.trimLog(keys.ledger, upTo);
    if (dead.length < PAGE) return;
  }
}
