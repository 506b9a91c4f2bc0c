import type { RedisOptions } from 'ioredis';
import { StateUnavailable } from '../state.ts';
import { createAttempt, type Attempt } from './attempts.ts';
import { createCommit, type Confirmation } from './durable.ts';
import { advise } from './errors.ts';
import { openLink, type Link } from './link.ts';

/** A connection and the way to try verbs on it. */
export interface Lane {
  readonly link: Link;
  readonly attempt: Attempt;
}

/** Where verbs go: writes that must last have a connection of their own, on which they are confirmed. */
export interface Lanes {
  readonly main: Lane;
  /** The lane for a write that must last: the main one, when this Redis can confirm nothing. */
  durable(): Promise<Lane>;
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

/** Of the time that a verb has: how long to wait for a Redis to be inspected, and for it to confirm. */
const SHARE = 0.5;

export function createLanes(options: LanesOptions): Lanes {
  const { timeoutMs, replicas } = options;
  const shareMs = Math.floor(timeoutMs * SHARE);
  const main: Lane = { link: options.main, attempt: createAttempt(options.main, timeoutMs) };
  let own: Lane | undefined;

  function openOwn(): Lane {
    const link = openLink({
      redis: { ...options.redis, connectionName: 'latchkey-durable' },
      timeoutMs,
    });
    const attempt = createAttempt(link, timeoutMs);
    const commit = createCommit(link, replicas, shareMs);
    return { link, attempt: (once) => attempt((mayBeDone) => commit(() => once(mayBeDone))) };
  }

  return {
    main,
    async durable() {
      // The main connection is the one that is inspected: what it must not use, this one must not either.
      if (!(await main.link.untilReady(shareMs))) {
        throw new StateUnavailable(`Redis is not there: ${advise(main.link.trouble())}`);
      }
      if (options.confirmation() === 'none') return main;
      own ??= openOwn();
      return own;
    },
    async close() {
      await Promise.all([main.link.close(), own?.link.close()]);
    },
  };
}
