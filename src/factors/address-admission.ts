import { networkOf } from '../accounts/addresses.ts';
import type { SignInSettings } from '../accounts/config.ts';
import { createFailureCounters } from '../accounts/failure-counters.ts';
import type { Limit } from '../accounts/throttle-limits.ts';
import { sha256 } from '../runtime/digest.ts';
import type { Origin } from '../runtime/origin.ts';
import type { State } from '../storage/state.ts';

/** Leave to make one check, or none, as the throttle of the accounts gives it. */
export type Leave =
  | {
      readonly kind: 'admitted';
      succeeded(): Promise<void>;
      withdraw(): Promise<void>;
    }
  | {
      readonly kind: 'throttled';
      readonly retryAfterSeconds: number;
      readonly isFirst: boolean;
    };

/** Counts failures of addresses alone, whoever they were about. */
export function createAddressAdmission(
  state: State,
  limits: SignInSettings['limits'],
): (origin: Origin) => Promise<Leave> {
  const counters = createFailureCounters(state);
  return async ({ address }) => {
    const limit: Limit = {
      key: `factors:address:${sha256(networkOf(address))}`,
      max: limits.perAddress,
      ttlSeconds: limits.window,
      isCleared: false,
    };
    const counted = await counters.countAll([limit]);
    const count = counted[0]?.count ?? 0;
    if (count > limit.max)
      return {
        kind: 'throttled',
        retryAfterSeconds: limit.ttlSeconds,
        isFirst: count === limit.max + 1,
      };
    const giveBack = (): Promise<void> => counters.giveBackOne(counted);
    return { kind: 'admitted', succeeded: giveBack, withdraw: giveBack };
  };
}
