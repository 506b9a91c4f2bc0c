import type { Rooms } from './compose.ts';
import { openHooks, type OpenedHooks } from './hooks/open-hooks.ts';
import type { Metrics } from './http/metrics.ts';
import { createRequestCalls } from './notices/request-calls.ts';
import { createRequestLetters, type TellOfRequest } from './notices/request-letters.ts';
import { createFeedSigner } from './revocation/feed-signing.ts';
import type { SigningKeys } from './signing-keys/signing-keys.ts';

/** What tells a program of the operator that clients wait for people; undefined: nobody wants to hear of it. */
export async function openRequestHooks(parts: {
  readonly rooms: Rooms;
  readonly signingKeys: SigningKeys;
  readonly metrics: Metrics;
  readonly closers: (() => Promise<void>)[];
}): Promise<OpenedHooks | undefined> {
  const { rooms, signingKeys, metrics, closers } = parts;
  const { enabled, notify } = rooms.settings.protocol.ciba;
  if (!enabled || notify.url === undefined) return undefined;
  const hooks = await openHooks({
    ...rooms,
    issuer: rooms.profile.issuer,
    outboundFetch: rooms.outbound.fetch,
    sign: createFeedSigner(() => signingKeys.current().keys),
    count: metrics.hookCall,
  });
  closers.push(() => hooks.close());
  return hooks;
}

/** By letter, and by the program of the operator: one that fails does not keep the other from it. */
export function tellOfRequests(rooms: Rooms, hooks: OpenedHooks | undefined): TellOfRequest {
  const { letter, url } = rooms.settings.protocol.ciba.notify;
  const common = { ...rooms, issuer: rooms.profile.issuer };
  const ways = [
    ...(letter ? [createRequestLetters(common)] : []),
    ...(hooks !== undefined && url !== undefined
      ? [createRequestCalls({ ...common, hooks, url })]
      : []),
  ];
  return async (asked) => {
    const told = await Promise.allSettled(ways.map((tell) => tell(asked)));
    const failed = told.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
}
