import type { Clock } from '../runtime/clock.ts';
import type { HighWater } from './epoch.ts';
import { createLatest } from './latest.ts';
import type { LogReader } from './log-reader.ts';
import { RevocationUnknown } from './revocation.ts';

/** What this node knows of the log, and how old that knowledge is. */
export interface LogFollower {
  /** Applies the log up to its end as of this call or later. @throws {RevocationUnknown} */
  catchUp(): Promise<void>;
  /** The same, content with a read that is under way. @throws {RevocationUnknown} */
  refresh(): Promise<void>;
  /** How far this node has applied the log; undefined: not at all yet, or a part of it only. */
  position(): HighWater | undefined;
  /** Milliseconds since the read began on which this node's knowledge rests; Infinity when the last one failed. */
  ageMs(): number;
  /** Milliseconds for which reading has been failing; 0: it is not. */
  failingForMs(): number;
  /** Begins a new epoch, because something shows that the log lost entries. @throws {RevocationUnknown} */
  declareLost(reason: string, generation: number): Promise<void>;
}

interface LogFollowerOptions {
  readonly reader: LogReader;
  readonly clock: Clock;
  /** Called after every read that changed the position. */
  readonly onMoved: () => void;
}

/** Knows nothing until the first `catchUp`. */
export function createLogFollower({ reader, clock, onMoved }: LogFollowerOptions): LogFollower {
  let readAt: { readonly monotonicMs: number; readonly wallMs: number } | undefined;
  let failingSinceMs: number | undefined;

  async function read(): Promise<void> {
    const began = { monotonicMs: performance.now(), wallMs: clock.nowMs() };
    const before = reader.position();
    try {
      await reader.read();
    } catch (error) {
      readAt = undefined;
      failingSinceMs ??= began.monotonicMs;
      throw new RevocationUnknown('the log of revocations cannot be read', { cause: error });
    }
    readAt = began;
    failingSinceMs = undefined;
    const after = reader.position();
    if (before?.number !== after?.number || before?.id !== after?.id) onMoved();
  }

  const latest = createLatest(read);
  return {
    catchUp: latest.run,
    refresh: latest.join,
    position: reader.position,
    // By both clocks: one stands still while the machine sleeps, the other can be set.
    ageMs: () =>
      readAt === undefined
        ? Infinity
        : Math.max(performance.now() - readAt.monotonicMs, clock.nowMs() - readAt.wallMs),
    failingForMs: () => (failingSinceMs === undefined ? 0 : performance.now() - failingSinceMs),
    async declareLost(reason, generation) {
      reader.declareLost({ reason, generation });
      await latest.run();
    },
  };
}
