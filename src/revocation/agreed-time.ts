import type { Clock } from '../runtime/clock.ts';
import type { State } from '../storage/state.ts';

const WITNESS_SECONDS = 3600;

/** The time by which something may be forgotten for good. */
export interface AgreedTime {
  /** NumericDate: that of this node's clock, or an earlier one that it and the state agree on. */
  now(): number;
  /** Asks the state again. To be called every minute or so, by every node. */
  check(): Promise<void>;
}

/**
 * A clock that is far ahead would make a node forget what was revoked, in its memory and in the log of all.
 * So nodes leave the time in state, where it vanishes after an hour by the state's own clock: whatever time
 * is found there was right within the last hour, and no node forgets by a clock that is further ahead. A
 * node alone with a wrong clock is believed when it has said so for an hour.
 */
export function createAgreedTime(options: {
  readonly state: Pick<State, 'get' | 'put'>;
  readonly key: string;
  readonly clock: Clock;
}): AgreedTime {
  const { state, key, clock } = options;
  let latest = -Infinity;
  return {
    now: () => Math.min(clock.now(), latest),
    async check() {
      const witness = await state.get(key);
      const told = typeof witness?.value === 'number' ? witness.value : undefined;
      const now = clock.now();
      // The earlier of two clocks is the safe one: it may always speak.
      if (told === undefined || now <= told + WITNESS_SECONDS)
        await state.put(key, now, { ttlSeconds: WITNESS_SECONDS });
      if (told !== undefined) latest = told + WITNESS_SECONDS;
    },
  };
}
