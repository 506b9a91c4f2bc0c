import { sha256 } from '../runtime/digest.ts';
import type { State } from '../storage/state.ts';
import { networkOf } from './addresses.ts';

/** How often something may be asked for. */
export interface Quota {
  /** What is counted: `network` of an address, `mailbox`, or everything as one. */
  readonly of: 'network' | 'mailbox' | 'all';
  readonly who: string;
  readonly max: number;
}

/** What is asked for, counted by the hour, on all nodes as one. */
export interface Quotas {
  /** Counts one more. True: that is within the quota. */
  take(quota: Quota): Promise<boolean>;
}

/** Seconds after which anybody may ask again. */
export const QUOTA_SECONDS = 3600;

/** `name`: of what is asked for. Who it was about lies in state as a digest alone. */
export function createQuotas(state: Pick<State, 'count'>, name: string): Quotas {
  return {
    async take({ of, who, max }) {
      const counted = of === 'network' ? networkOf(who) : who;
      const key = `quota:${name}:${of}:${sha256(counted)}`;
      return (await state.count(key, 1, QUOTA_SECONDS)) <= max;
    },
  };
}
