import type { PlannedFaults } from '../http/planned-faults.ts';
import type { MovableClock } from '../runtime/clock.ts';
import type { SeededStreams, StreamPositions } from '../runtime/seeded-streams.ts';
import type { StorageWithCheckpoints } from '../storage/open.ts';

/** Moments of the whole provider, to come back to. In the dev profile on the embedded engine alone. */
export interface Checkpoints {
  /** Keeps this moment, and gives its name. */
  take(): Promise<string>;
  /** Comes back to it; requests wait meanwhile. False: no moment of this name is kept. */
  restore(name: string): Promise<boolean>;
  /** Comes back to when the node had started. */
  reset(): Promise<void>;
}

/** The same, for whoever starts the node. */
export interface CheckpointsFromStart extends Checkpoints {
  /** Keeps this moment as the one to reset to. */
  begin(): Promise<void>;
}

export interface CheckpointsOptions {
  readonly storage: Pick<StorageWithCheckpoints, 'bringBack' | 'forget' | 'keep'>;
  readonly clock: Pick<MovableClock, 'aheadMs' | 'beginAt'>;
  /** What is drawn from the seed, where there is one. */
  readonly streams?: Pick<SeededStreams, 'goTo' | 'positions'> | undefined;
  readonly faults: PlannedFaults;
  /** Ends the rooms that there are, does the work, and opens rooms anew: nothing that they remembered is left. */
  readonly follow: (work: () => Promise<void>) => Promise<void>;
}

/** What a moment has beside the content of the file. */
interface Kept {
  /** How far the clock was ahead. */
  readonly aheadMs: number;
  readonly positions: StreamPositions | undefined;
}

const START = 'start';
/** The oldest makes way. */
const KEPT_MAX = 20;

/** Nothing is kept before `begin`. */
export function createCheckpoints(options: CheckpointsOptions): CheckpointsFromStart {
  const { storage, clock, streams, faults, follow } = options;
  const kept = new Map<string, Kept>();
  let taken = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: none finds another half done. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function keep(name: string): Promise<void> {
    await storage.keep(name);
    kept.set(name, { aheadMs: clock.aheadMs(), positions: streams?.positions() });
  }

  async function makeRoom(): Promise<void> {
    const names = [...kept.keys()].filter((name) => name !== START);
    const [oldest] = names;
    if (oldest === undefined || names.length <= KEPT_MAX) return;
    kept.delete(oldest);
    await storage.forget(oldest);
  }

  async function comeBack(name: string): Promise<boolean> {
    const moment = kept.get(name);
    if (moment === undefined) return false;
    await follow(async () => {
      await storage.bringBack(name);
      clock.beginAt(moment.aheadMs);
      if (moment.positions) streams?.goTo(moment.positions);
      faults.clear();
    });
    return true;
  }

  return {
    begin: () => keep(START),
    take: () =>
      inTurn(async () => {
        taken += 1;
        const name = String(taken);
        await keep(name);
        await makeRoom();
        return name;
      }),
    restore: (name) => inTurn(async () => name !== START && (await comeBack(name))),
    reset: () => inTurn(async () => void (await comeBack(START))),
  };
}
