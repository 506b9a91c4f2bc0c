import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../storage/state.ts';
import type { IndexSupply } from './index-supply.ts';
import type { LedgerKeys } from './ledger-keys.ts';
import type { LedgerReader } from './ledger-reader.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import type { Ledger } from './ledger.ts';
import type { Sweeper } from './sweeper.ts';
import { trimLedger } from './trim-ledger.ts';

/** What a killed node had given out and not told of is at most so old. */
const TELL_SECONDS = 0.25;
/** How late a node hears of another's tokens, beyond that. */
const READ_SECONDS = 0.5;
/** Revocations that come faster than this are brought into the lists together. */
const PAUSE_SECONDS = 0.25;
const TRIM_SECONDS = 60;

export interface UpkeepOptions {
  readonly state: State;
  readonly keys: LedgerKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tolerance: number;
  readonly reader: LedgerReader;
  readonly writer: LedgerWriter;
  readonly supply: IndexSupply;
  readonly ledger: Ledger;
  readonly sweeper: Sweeper;
  /** Called after every revocation. Gives the function that ends it. */
  readonly onRevoked: (listener: () => void) => () => void;
}

/** Tells, reads, sweeps and keeps indices at hand until it is closed. Resolves after the first round. */
export async function startUpkeep(options: UpkeepOptions): Promise<{ close(): Promise<void> }> {
  const { clock, logger, reader, writer, supply, sweeper } = options;
  const stop = new AbortController();
  let wake = new AbortController();
  const hasten = (): void => wake.abort();
  const endRevoked = options.onRevoked(hasten);
  stop.signal.addEventListener('abort', hasten);

  /** A part that fails is told once, and tried again in time. */
  function watched(part: string, work: () => Promise<void>): () => Promise<void> {
    let isTold = false;
    return async () => {
      try {
        await work();
        isTold = false;
      } catch (error) {
        if (isTold) return;
        isTold = true;
        const reason = String(error);
        logger.warn({ event: 'status_lists.failing', part, reason }, 'will be tried again');
      }
    };
  }

  async function every(seconds: number, work: () => Promise<void>): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(seconds, stop.signal).catch(() => undefined); // Only the abort ends it early.
      if (!stop.signal.aborted) await work();
    }
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(PAUSE_SECONDS, stop.signal).catch(() => undefined);
      // What was revoked during the pause has aborted this one already.
      await clock.sleep(READ_SECONDS - PAUSE_SECONDS, wake.signal).catch(() => undefined);
      wake = new AbortController();
      if (stop.signal.aborted) return;
      await supplying();
      await catchUp();
    }
  }

  const tell = watched('tell', writer.flushIfDue);
  const catchUp = watched('follow', async () => {
    await reader.read();
    await sweeper.sweep();
  });
  const supplying = watched('supply', supply.refill);
  const trim = watched('trim', () => trimLedger(options));

  await catchUp();
  await supplying();
  await catchUp();
  const loops = [every(TELL_SECONDS, tell), follow(), every(TRIM_SECONDS, trim)];
  return {
    async close() {
      endRevoked();
      stop.abort();
      await Promise.all(loops);
      supply.drop();
      await writer.leave().catch((error: unknown) => {
        // The others will take this node for dead, and what it did not tell of for lost.
        logger.warn({ event: 'status_lists.untold', reason: String(error) }, 'left without a word');
      });
    },
  };
}
