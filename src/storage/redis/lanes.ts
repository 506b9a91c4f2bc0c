import type { RedisOptions } from 'ioredis';
import { createAttempt, type Attempt } from './attempts.ts';
import { createCommit, type Confirmation } from './durable.ts';
import { openLink, type Link } from './link.ts';

/** A connection and the way to try verbs on it. */
export interface Lane {
  readonly link: Link;
  readonly attempt: Attempt;
}

/** Where writes go: those that must last have a connection of their own, on which they are confirmed. */
export interface Lanes {
  readonly main: Lane;
  /** The lane for a write; `durable` makes no difference to a Redis that cannot confirm. */
  forWrite(durable: boolean | undefined): Lane;
  close(): Promise<void>;
}

export interface LanesOptions {
  readonly main: Link;
  readonly redis: RedisOptions;
  readonly timeoutMs: number;
  readonly replicas: number;
  readonly confirmation: () => Confirmation;
}

// A confirmation that takes longer would not leave time to answer.
const CONFIRMATION_SHARE = 0.5;

export function createLanes(options: LanesOptions): Lanes {
  const { timeoutMs, replicas } = options;
  const main: Lane = { link: options.main, attempt: createAttempt(options.main, timeoutMs) };
  let durable: Lane | undefined;

  function openDurable(): Lane {
    const link = openLink({
      redis: { ...options.redis, connectionName: 'latchkey-durable' },
      timeoutMs,
    });
    const attempt = createAttempt(link, timeoutMs);
    const commit = createCommit(link, replicas, Math.floor(timeoutMs * CONFIRMATION_SHARE));
    return { link, attempt: (once) => attempt((mayBeDone) => commit(() => once(mayBeDone))) };
  }

  return {
    main,
    forWrite(isDurable) {
      if (isDurable !== true || options.confirmation() === 'none') return main;
      durable ??= openDurable();
      return durable;
    },
    async close() {
      await Promise.all([main.link.close(), durable?.link.close()]);
    },
  };
}
