import { sha256 } from '../runtime/digest.ts';
import type { State } from '../storage/state.ts';
import { networkOf } from './addresses.ts';

/** What strangers may ask for, counted by the hour, on all nodes as one. */
export interface Quotas {
  /** Counts one more from an address, and of all. True: both are within their quotas. */
  take(ask: {
    readonly address: string;
    readonly max: number;
    readonly overall: number;
    /** Asks of different kinds are counted apart. */
    readonly kind?: string | undefined;
  }): Promise<boolean>;
  /**
   * Counts one more letter to a mailbox. One address may send `max` of them, and all together four times as many: so
   * nobody fills somebody's mailbox, and no single stranger uses up what its owner may ask for.
   */
  takeLetter(ask: {
    readonly mailbox: string;
    readonly address: string;
    readonly max: number;
  }): Promise<boolean>;
}

/** Seconds after which anybody may ask again. */
export const QUOTA_SECONDS = 3600;
const SENDERS = 4;

/** `name`: of what is asked for. Who it was about lies in state as a digest alone. */
export function createQuotas(state: Pick<State, 'count'>, name: string): Quotas {
  async function isWithin(what: string, who: string, max: number): Promise<boolean> {
    const key = `quota:${name}:${what}:${sha256(who)}`;
    return (await state.count(key, 1, QUOTA_SECONDS)) <= max;
  }

  return {
    async take({ address, max, overall, kind = 'network' }) {
      return (
        (await isWithin(kind, networkOf(address), max)) && (await isWithin('all', '', overall))
      );
    },
    async takeLetter({ mailbox, address, max }) {
      const path = `${mailbox} ${networkOf(address)}`;
      return (
        (await isWithin('path', path, max)) && (await isWithin('mailbox', mailbox, SENDERS * max))
      );
    },
  };
}
