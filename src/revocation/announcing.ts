import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { randomId } from '../runtime/random.ts';
import type { State } from '../storage/state.ts';
import type { FollowerPosition } from './feed-positions.ts';
import type { FeedSource } from './feed-source.ts';
import { logKeys } from './log-keys.ts';
import { furthestBehind, progressValue } from './progress.ts';

/** How often a node tells where it is when nothing moves. */
const BEAT_SECONDS = 5;
/** How often it looks whether the status lists have caught up, which nobody tells it of. */
const LISTS_SECONDS = 0.5;
/** After how long a node that says nothing more is taken for gone. */
const LIFE_SECONDS = 15;
/** Moves that come faster than this are told together. */
const PAUSE_SECONDS = 0.1;

export interface AnnouncingOptions {
  readonly state: State;
  readonly namespace: string;
  readonly source: FeedSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What its operator calls this node. */
  readonly node: string;
  /** Up to which entry the status lists of all nodes show what was revoked; undefined: there are none. */
  readonly lists: () => number | undefined;
  readonly followers: () => readonly FollowerPosition[];
  /** Called when a follower has moved. Gives the function that ends it. */
  readonly onFollowerMoved: (listener: () => void) => () => void;
}

/**
 * Tells in state how far this node and its followers are: after each move, ten times a second at most, and
 * every five seconds. Only for whoever watches a revocation: nothing depends on it. A node that is cut off says nothing.
 */
export function startAnnouncing(options: AnnouncingOptions): { close(): Promise<void> } {
  const { state, namespace, source, clock, logger } = options;
  const keys = logKeys(namespace);
  const id = randomId(6);
  const stop = new AbortController();
  let areListsBehind = false;
  let wake = new AbortController();
  const hasten = (): void => wake.abort();
  const ends = [source.onMoved(hasten), options.onFollowerMoved(hasten)];
  stop.signal.addEventListener('abort', hasten);

  async function tell(): Promise<void> {
    const position = source.position();
    if (position === undefined) return;
    const now = clock.now();
    const followers = options.followers();
    const lists = options.lists();
    areListsBehind = lists !== undefined && lists < position.number;
    const value = progressValue({
      id,
      node: options.node,
      epoch: position.id,
      generation: position.generation,
      number: position.number,
      lists,
      toldAtMs: clock.nowMs(),
      followerCount: followers.length,
      followers: furthestBehind(followers),
    });
    await Promise.all([
      state.put(keys.node(id), value, { ttlSeconds: LIFE_SECONDS }),
      state.add(keys.nodes, id, now + LIFE_SECONDS),
    ]);
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      await tell().catch((error: unknown) => {
        logger.debug({ event: 'revocation.not_announced', reason: String(error) }, 'tries again');
      });
      await clock.sleep(PAUSE_SECONDS, stop.signal).catch(() => undefined);
      if (stop.signal.aborted) return;
      // What moved during the pause has aborted this one already.
      const seconds = areListsBehind ? LISTS_SECONDS : BEAT_SECONDS;
      await clock.sleep(seconds, wake.signal).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async close() {
      for (const end of ends) end();
      stop.abort();
      await running;
      // Else it would be waited for as a node that is behind.
      await state.remove(keys.nodes, id).catch(() => undefined);
    },
  };
}
