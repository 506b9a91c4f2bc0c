import type { Redis, RedisOptions } from 'ioredis';
import { createCommit, type Commit, type Confirmation } from './durable.ts';
import { createFence, type Fence, type Neighbours } from './fence.ts';
import { openLink, type Link } from './link.ts';
import type { Reign } from './reigns.ts';
import type { SentinelWatch } from './sentinel-watch.ts';

/** A connection and how verbs are run on it. */
export interface Lane {
  readonly link: Link;
  readonly run: Commit;
  readonly fence: Fence;
}

/** To one Redis: writes that must last have a connection of their own, on which they are confirmed. */
export interface Lanes {
  readonly main: Lane;
  /**
   * The lane for a write that must last: the main one, when this Redis can confirm nothing. Only to be asked
   * while the main one is ready, for that is the connection which is inspected.
   */
  durable(): Lane;
  /** The connections of those lanes that are in use, and of the main one. */
  links(): readonly Link[];
  close(): Promise<void>;
}

export interface LanesOptions {
  readonly main: Pick<Lane, 'link' | 'fence'>;
  readonly redis: RedisOptions;
  readonly sentinels: SentinelWatch | undefined;
  readonly timeoutMs: number;
  readonly replicas: number;
  /** How the Redis that was inspected last confirms; asked only once one was. */
  readonly confirmation: () => Confirmation;
  /** Whose time it is behind a connection. */
  readonly reignBehind: (client: Redis) => Promise<Reign>;
  /** In a Cluster: the other masters. */
  readonly neighbours: Neighbours | undefined;
}

/** Of the time that a verb has: how long to wait for a Redis to confirm. */
const SHARE = 0.5;

export function createLanes(options: LanesOptions): Lanes {
  const { timeoutMs, replicas } = options;
  const main: Lane = { ...options.main, run: (write) => write() };
  let own: Lane | undefined;

  function openOwn(): Lane {
    let reign: Reign | undefined;
    const link = openLink({
      redis: { ...options.redis, connectionName: 'latchkey-durable' },
      sentinels: options.sentinels,
      timeoutMs,
      prepare: async (client) => {
        reign = await options.reignBehind(client);
      },
    });
    const fence = createFence(() => reign, options.neighbours);
    return { link, fence, run: createCommit(link, replicas, Math.floor(timeoutMs * SHARE)) };
  }

  return {
    main,
    durable() {
      if (options.confirmation() === 'none') return main;
      own ??= openOwn();
      return own;
    },
    links: () =>
      own === undefined || options.confirmation() === 'none' ? [main.link] : [main.link, own.link],
    async close() {
      await Promise.all([main.link.close(), own?.link.close()]);
    },
  };
}
