import { networkOf } from '../accounts/addresses.ts';
import { sha256 } from '../runtime/digest.ts';
import type { State } from '../storage/state.ts';
import type { SmsConfig } from './config.ts';
import type { SmsLimit, TextMessage } from './sms.ts';

const HOUR_SECONDS = 3600;
/** So that no single stranger uses up what the owner of a number may ask for. */
const SENDERS = 4;

/** Counts one more message. Gives the first limit that it would pass; undefined: it may go. */
export type TakeSend = (
  message: Pick<TextMessage, 'to' | 'origin'>,
) => Promise<SmsLimit | undefined>;

/** By the hour, on all nodes as one. Numbers lie in state as digests alone. */
export function createSendLimits(
  state: Pick<State, 'count'>,
  { prefixes, perNumber, perAddress, overall }: SmsConfig,
): TakeSend {
  return async ({ to, origin }) => {
    if (prefixes !== undefined && !prefixes.some((one) => to.startsWith(one))) return 'prefix';
    const network = networkOf(origin.address);
    // The narrowest first: what one of them stops does not use up what belongs to all.
    const limits = [
      { limit: 'number', of: `${to} ${network}`, max: perNumber },
      { limit: 'address', of: network, max: perAddress },
      { limit: 'number', of: to, max: SENDERS * perNumber },
      { limit: 'overall', of: '', max: overall },
    ] as const;
    for (const { limit, of, max } of limits) {
      const sent = await state.count(`sms:${limit}:${sha256(of)}`, 1, HOUR_SECONDS);
      if (sent > max) return limit;
    }
    return undefined;
  };
}
