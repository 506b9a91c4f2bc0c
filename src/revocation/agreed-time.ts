import type { Clock } from '../runtime/clock.ts';
import type { State } from '../storage/state.ts';

const WITNESS_SECONDS = 3600;
/** Two checks: so old is the witness at most while a node whose clock is right leaves it. */
const WITNESS_LATE_SECONDS = 120;

/** The time by which something may be forgotten for good. */
export interface AgreedTime {
  /** NumericDate: what the state was told a check or two ago, or that of this node's clock when it is earlier. */
  now(): number;
  /** Asks the state again. To be called every minute or so, by every node. */
  check(): Promise<void>;
}

/**
 * A clock that is far ahead would make a node forget what was revoked, in its memory and in the log of all.
 * So nodes leave the time in state, where it vanishes after an hour by the state's own clock, and each forgets
 * by what it finds there: by a past minute, never by its own clock alone. What is further ahead than the
 * witness can be late is left out. A node alone with a wrong clock is believed when the witness has vanished.
 */
export function createAgreedTime(options: {
  readonly state: Pick<State, 'get' | 'put'>;
  readonly key: string;
  readonly clock: Clock;
}): AgreedTime {
  const { state, key, clock } = options;
  let told = -Infinity;
  return {
    now: () => Math.min(clock.now(), told),
    async check() {
      const witness = await state.get(key);
      const found = typeof witness?.value === 'number' ? witness.value : undefined;
      const now = clock.now();
      // The earlier of two clocks is the safe one: it may always speak.
      if (found === undefined || now <= found + WITNESS_LATE_SECONDS)
        await state.put(key, now, { ttlSeconds: WITNESS_SECONDS });
      if (found !== undefined) told = found;
    },
  };
}
