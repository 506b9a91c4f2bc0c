import type { Clock } from '../runtime/clock.ts';
import type { State } from '../storage/state.ts';
import type { Ledger } from './ledger.ts';
import { readLedgerEntry } from './ledger-entry.ts';

const PAGE = 100;

/** Follows the log that tells who has which index. */
export interface LedgerReader {
  /** Applies what is new, up to the end. Throws what state threw; the next read goes on from there. */
  read(): Promise<void>;
  /** Seconds since a read began that came to the end; Infinity: none did. */
  ageSeconds(): number;
}

interface LedgerReaderOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly key: string;
  readonly ledger: Ledger;
  /** Called when the log has lost its newest entries. */
  readonly onLoss: () => void;
}

/** Stands at the beginning. */
export function createLedgerReader(options: LedgerReaderOptions): LedgerReader {
  const { state, clock, key, ledger, onLoss } = options;
  let applied = 0;
  let readAt: { readonly monotonicMs: number; readonly wallMs: number } | undefined;

  return {
    async read() {
      const began = { monotonicMs: performance.now(), wallMs: clock.nowMs() };
      for (;;) {
        const page = await state.readLog(key, applied, PAGE);
        if (page.last < applied) {
          // What is known stays known; what was written since begins again.
          applied = 0;
          onLoss();
          continue;
        }
        for (const { number, value } of page.entries) {
          ledger.apply(readLedgerEntry(value));
          applied = number;
        }
        if (page.entries.length === 0 || applied >= page.last) break;
      }
      readAt = began;
    },
    // By both clocks: one stands still while the machine sleeps, the other can be set.
    ageSeconds: () =>
      readAt === undefined
        ? Infinity
        : Math.max(performance.now() - readAt.monotonicMs, clock.nowMs() - readAt.wallMs) / 1000,
  };
}
