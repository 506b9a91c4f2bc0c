import type { Clock } from '../runtime/clock.ts';
import type { State } from '../storage/state.ts';
import type { Ledger } from './ledger.ts';
import { readLedgerEntry } from './ledger-entry.ts';

const PAGE = 100;
/** Beyond this it was a pause: state did not answer, or the machine slept. */
const PAUSE_SECONDS = 5;
/** Others that could not speak in the pause either have spoken by then. */
const STEADY_SECONDS = 3;

/** Follows the log that tells who has which index. */
export interface LedgerReader {
  /** Applies what is new, up to the end. Throws what state threw; the next read goes on from there. */
  read(): Promise<void>;
  /** Seconds since a read began that came to the end; Infinity: none did. */
  ageSeconds(): number;
  /** True: it has been read without a pause for a while, so that who was not heard has said nothing. */
  isSteady(): boolean;
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
  let steadySinceMs = Infinity;

  // By both clocks: one stands still while the machine sleeps, the other can be set.
  const ageSeconds = (): number =>
    readAt === undefined
      ? Infinity
      : Math.max(performance.now() - readAt.monotonicMs, clock.nowMs() - readAt.wallMs) / 1000;

  return {
    ageSeconds,
    isSteady: () => performance.now() - steadySinceMs > STEADY_SECONDS * 1000,
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
      if (ageSeconds() > PAUSE_SECONDS) steadySinceMs = performance.now();
      readAt = began;
    },
  };
}
