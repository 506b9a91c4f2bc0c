import type { Clock } from '../runtime/clock.ts';
import type { State } from '../storage/state.ts';
import { BEAT_SECONDS, SILENCE_SECONDS } from './known-nodes.ts';
import { ledgerValue, type LedgerEntry } from './ledger-entry.ts';
import { createUntold, rowsByEpoch, type Part, type Untold } from './untold.ts';

/** What this node tells the others. `add`, `open`, `close`, `show`: remembers to tell of it. */
export interface LedgerWriter extends Pick<Untold, 'add' | 'open' | 'close' | 'show' | 'rows'> {
  /** Tells what there is to tell. Resolves once all that was there at the call is durable. */
  flush(): Promise<void>;
  /** The same, when there is news or the others would begin to wonder. */
  flushIfDue(): Promise<void>;
  /** Seconds since the others last heard of this node, as far as it knows. */
  silentSeconds(): number;
  /** Tells all, and that nothing comes after it. */
  leave(): Promise<void>;
}

interface LedgerWriterOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly key: string;
  readonly node: string;
  /** Access tokens live so long; one that lives longer makes it longer. */
  readonly longestToken: number;
}

/** Has told nothing yet. */
export function createLedgerWriter(options: LedgerWriterOptions): LedgerWriter {
  const { state, clock, key, node } = options;
  const untold = createUntold();
  let { longestToken } = options;
  let order = 0;
  let toldAt = { monotonicMs: -Infinity, wallSeconds: -Infinity };
  let writing: Promise<void> = Promise.resolve();

  async function write(isLast: boolean): Promise<void> {
    const told = untold.take();
    const began = { monotonicMs: performance.now(), wallSeconds: clock.now() };
    const word = { node, at: clock.now(), shown: untold.shown(), longestToken };
    const entries = told.parts.map((part, index) => entryOf(part, order + index, word));
    if (isLast) entries.push({ ...entryOf(NOTHING, order + entries.length, word), isLast });
    try {
      await state.append(key, entries.map(ledgerValue), { durable: true });
    } catch (error) {
      told.failed();
      throw error;
    }
    told.stands();
    // Only now: after a failure the same numbers come again, because it is not known whether they stand.
    order += entries.length;
    toldAt = began;
  }

  /** One write at a time: what the ledger tells last is the newest. */
  function flush(isLast = false): Promise<void> {
    const next = writing.catch(() => undefined).then(() => write(isLast));
    writing = next;
    return next;
  }

  const silentSeconds = (): number =>
    Math.max((performance.now() - toldAt.monotonicMs) / 1000, clock.now() - toldAt.wallSeconds);

  return {
    ...untold,
    add(list, row) {
      longestToken = Math.max(longestToken, row.expiresAt - clock.now());
      untold.add(list, row);
    },
    flush: () => flush(),
    async flushIfDue() {
      if (untold.isNews() || silentSeconds() >= BEAT_SECONDS) await flush();
    },
    silentSeconds,
    leave() {
      untold.closeAll();
      return flush(true);
    },
  };
}

/** What all entries of one write have in common. */
interface Word extends Pick<LedgerEntry, 'node' | 'at' | 'shown'> {
  readonly longestToken: number;
}

function entryOf({ list, open, rows }: Part, order: number, word: Word): LedgerEntry {
  const { longestToken, ...common } = word;
  // An index that is open may still be given to the longest token, until the node is taken for dead. To one that
  // is longer and was never told of, the list says nothing in the end, which is as good as a refusal.
  const alive = SILENCE_SECONDS + (open.length > 0 ? longestToken : 0);
  const until = Math.max(common.at + alive, ...rows.map(({ expiresAt }) => expiresAt));
  if (open.length > 0) list?.lives(until);
  const identity = list?.identity;
  return {
    ...common,
    order,
    until,
    isLast: false,
    list: identity,
    open,
    rows: rowsByEpoch(rows),
  };
}

const NOTHING: Part = { list: undefined, open: [], rows: [] };
