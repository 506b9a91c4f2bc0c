import type { Clock } from '../../runtime/clock.ts';

const WINDOW_SECONDS = 60;
/** Anybody can name any URL: no host, and nobody, is asked more often for that. */
const OF_A_HOST_MAX = 10;
const MAX = 60;

/** Whether one more document of `host` may be asked for in this minute; a yes counts. */
export type MayFetch = (host: string) => boolean;

/** Counts in memory: each node asks so often. */
export function createFetchBudget({ clock }: { readonly clock: Clock }): MayFetch {
  let began = -Infinity;
  let total = 0;
  let byHost = new Map<string, number>();

  return (host) => {
    const now = clock.now();
    if (now - began >= WINDOW_SECONDS || now < began) {
      began = now;
      total = 0;
      byHost = new Map();
    }
    const count = byHost.get(host) ?? 0;
    if (total >= MAX || count >= OF_A_HOST_MAX) return false;
    total += 1;
    byHost.set(host, count + 1);
    return true;
  };
}
