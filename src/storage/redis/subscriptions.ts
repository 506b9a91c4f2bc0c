import type { Redis } from 'ioredis';
import type { Logger } from '../../runtime/logger.ts';
import type { Attempt } from './attempts.ts';
import { messageOf } from './errors.ts';

/** Who listens to which channel, over one connection that is theirs alone. */
export interface Subscriptions {
  /** Subscribes a fresh connection to everything. */
  restore(client: Redis): Promise<void>;
  /** Tells everybody that they may have missed something. */
  tellAll(): void;
  /** Resolves once in force, to the function that ends it. */
  subscribe(channel: string, listener: () => void): Promise<() => Promise<void>>;
  /** A message came. */
  tell(channel: string): void;
}

interface Subscription {
  readonly listener: () => void;
}

export function createSubscriptions(
  link: { readonly client: Redis; readonly attempt: Attempt },
  logger: Logger,
): Subscriptions {
  const channels = new Map<string, Set<Subscription>>();

  function tell(channel: string): void {
    for (const { listener } of channels.get(channel) ?? []) {
      try {
        listener();
      } catch (error) {
        // One listener's bug must not keep the others from hearing.
        logger.error(
          { event: 'redis.listener_failed', error: asError(error) },
          'a listener failed',
        );
      }
    }
  }

  async function leave(channel: string, subscription: Subscription): Promise<void> {
    const listening = channels.get(channel);
    if (!listening?.delete(subscription) || listening.size > 0) return;
    channels.delete(channel);
    // Should this fail, the channel goes on being heard by nobody until the next connection.
    await link.client.unsubscribe(channel).catch(() => undefined);
  }

  return {
    tell,
    tellAll() {
      for (const channel of channels.keys()) tell(channel);
    },
    async restore(client) {
      if (channels.size > 0) await client.subscribe(...channels.keys());
    },
    async subscribe(channel, listener) {
      const subscription = { listener };
      const listening = channels.get(channel) ?? new Set();
      channels.set(channel, listening.add(subscription));
      try {
        await link.attempt(channel, () => link.client.subscribe(channel));
      } catch (error) {
        await leave(channel, subscription);
        throw error;
      }
      return () => leave(channel, subscription);
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error));
}
