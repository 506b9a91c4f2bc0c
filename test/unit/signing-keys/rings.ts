import type { NewKey, Plan, Ring } from '../../../src/signing-keys/ring.ts';
import { newRing } from '../../../src/signing-keys/schedule.ts';

/** Keys that are told apart by a number; the pure parts never look inside. */
export function createKeyNames(prefix = 'key'): () => NewKey {
  let count = 0;
  return () => {
    count += 1;
    const kid = `${prefix}-${count}`;
    return { kid, source: 'generated', publicJwk: { kid }, sealed: `sealed ${kid}` };
  };
}

/** A ring born at `now`, whose first key signs at once. */
export function bornRing(plan: Plan, key: NewKey, now: number): Ring {
  return newRing({ algorithm: 'ES256', birth: 'b' }, plan, key, { now, atOnce: true });
}
