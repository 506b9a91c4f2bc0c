import type { Clock } from '../runtime/clock.ts';
import { StateUnavailable } from '../storage/state.ts';
import { createHeldBlocks, type Place } from './held-blocks.ts';
import { SILENCE_SECONDS } from './known-nodes.ts';
import type { Lease } from './lease.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import type { Ledger } from './ledger.ts';
import { BLOCK } from './list-identity.ts';

/** Indices that nobody else gives out, ahead of need. */
export interface IndexSupply {
  /** The next place: at once when one is at hand. @throws {StateUnavailable} when state gives none. */
  take(): Place | Promise<Place>;
  /** Sees to it that some are at hand. */
  refill(): Promise<void>;
  /** Gives up what is left, because others may have taken it for lost. */
  drop(): void;
  /** How many are at hand. */
  left(): number;
}

interface IndexSupplyOptions {
  readonly ledger: Ledger;
  readonly writer: LedgerWriter;
  readonly clock: Clock;
  readonly lease: (count: number) => Promise<Lease>;
}

/** A lease that is used up in less is followed by one twice as large; in more than ten times as long, by a half. */
const LEASE_SECONDS = 2;
const BLOCKS_MAX = 64;
/** Others take a node for dead after `SILENCE_SECONDS`; long before, it gives out nothing any more. */
const TRUSTED_SECONDS = SILENCE_SECONDS / 2;

/** Has none until the first `refill`. */
export function createIndexSupply(options: IndexSupplyOptions): IndexSupply {
  const { ledger, writer, clock, lease } = options;
  const held = createHeldBlocks(writer.close);
  let leased = { blocks: 1, atMs: -Infinity };
  let leasing: Promise<void> | undefined;

  function dropDoubtful(): void {
    held.drop(writer.silentSeconds() > TRUSTED_SECONDS ? Infinity : clock.now());
  }

  const isLow = (): boolean => held.left() <= (leased.blocks * BLOCK) / 2;

  async function leaseMore(): Promise<void> {
    const atMs = performance.now();
    const count = nextCount(leased.blocks, (atMs - leased.atMs) / 1000);
    const { identity, blocks, closesAt } = await lease(count);
    const list = ledger.list(identity);
    // Else it would be forgotten before anything of it is told.
    list.lives(clock.now() + SILENCE_SECONDS);
    writer.open(list, blocks);
    // Before others know that they are given out, none may be: they could not tell that some are lost.
    await writer.flush();
    leased = { blocks: count, atMs };
    held.add(blocks.map((block) => ({ list, block, closesAt })));
  }

  function more(): Promise<void> {
    leasing ??= leaseMore().finally(() => {
      leasing = undefined;
    });
    return leasing;
  }

  async function wait(): Promise<Place> {
    // What one lease brings may be gone to others that waited, too.
    for (let attempt = 1; attempt <= BLOCKS_MAX; attempt += 1) {
      await more();
      const place = held.take();
      if (place !== undefined) return place;
    }
    throw new StateUnavailable('indices of status lists are used up faster than they are leased');
  }

  return {
    left: held.left,
    drop: () => held.drop(),
    take() {
      dropDoubtful();
      const place = held.take();
      if (place === undefined) return wait();
      // Whoever needs one that is not there waits for it, and hears of a failure.
      if (isLow()) more().catch(() => undefined);
      return place;
    },
    async refill() {
      dropDoubtful();
      if (isLow()) await more();
    },
  };
}

function nextCount(blocks: number, lastedSeconds: number): number {
  if (lastedSeconds < LEASE_SECONDS) return Math.min(blocks * 2, BLOCKS_MAX);
  return lastedSeconds > 10 * LEASE_SECONDS ? Math.max(1, Math.floor(blocks / 2)) : blocks;
}
