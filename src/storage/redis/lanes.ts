import type { RedisOptions } from 'ioredis';
import { createCommit, type Commit, type Confirmation } from './durable.ts';
import { openLink, type Link } from './link.ts';

/** A connection and how verbs are run on it. */
export interface Lane {
  readonly link: Link;
  readonly run: Commit;
}

/** To one Redis: writes that must last have a connection of their own, on which they are confirmed. */
export interface Lanes {
  readonly main: Lane;
  /**
   * The lane for a write that must last: the main one, when this Redis can confirm nothing. Only to be asked
   * while the main one is ready, for that is the connection which is inspected.
   */
  durable(): Lane;
  close(): Promise<void>;
}

export interface LanesOptions {
  readonly main: Link;
  readonly redis: RedisOptions;
  readonly timeoutMs: number;
  readonly replicas: number;
  /** How the Redis that was inspected last confirms; asked only once one was. */
  readonly confirmation: () => Confirmation;
}

/** Of the time that a verb has: how long to wait for a Redis to confirm. */
const SHARE = 0.5;

export function createLanes(options: LanesOptions): Lanes {
  const { timeoutMs, replicas } = options;
  const main: Lane = { link: options.main, run: (write) => write() };
  let own: Lane | undefined;

  function openOwn(): Lane {
    const link = openLink({
      redis: { ...options.redis, connectionName: 'latchkey-durable' },
      timeoutMs,
    });
    return { link, run: createCommit(link, replicas, Math.floor(timeoutMs * SHARE)) };
  }

  return {
    main,
    durable() {
      if (options.confirmation() === 'none') return main;
      own ??= openOwn();
      return own;
    },
    async close() {
      await Promise.all([main.link.close(), own?.link.close()]);
    },
  };
}
