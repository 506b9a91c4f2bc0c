import { setTimeout as delay } from 'node:timers/promises';
import { followerHeaders } from './feed-requests.ts';
import type { RelayFollower } from './relay-followers.ts';
import type { Settings } from './settings.ts';

/** How often it is looked whether somebody has moved. */
const LOOK_MS = 100;
/** How often the issuer is told when nobody has; it forgets in 15 s. */
const BEAT_MS = 5000;
const TIMEOUT_MS = 5000;
/** The issuer takes no more. */
const FOLLOWERS_MAX = 200;

/**
 * Tells the issuer how far the followers of a relay are, until `signal` ends it. Only for whoever watches a revocation: nothing depends on
 * it, and what cannot be delivered is not told. Without credentials nothing is: the issuer would not listen.
 */
export async function reportFollowers(
  settings: Settings,
  url: string,
  options: { readonly list: () => readonly RelayFollower[]; readonly signal: AbortSignal },
): Promise<void> {
  const { list, signal } = options;
  if (settings.credentials === undefined) return;
  const headers = followerHeaders(settings);
  let told = '[]';
  let toldMs = 0;
  while (!signal.aborted) {
    const followers = JSON.stringify(list().slice(0, FOLLOWERS_MAX));
    const isDue = followers !== '[]' && performance.now() - toldMs > BEAT_MS;
    if (followers !== told || isDue) {
      [told, toldMs] = [followers, performance.now()];
      const body = `{"followers":${followers}}`;
      const timeout = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      await settings
        .fetch(`${url}/followers`, { method: 'POST', headers, body, signal: timeout })
        .then((response) => response.body?.cancel())
        .catch(() => undefined);
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
