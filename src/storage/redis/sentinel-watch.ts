import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../../runtime/logger.ts';
import { messageOf } from './errors.ts';

/** What Sentinels tell of the master while it is in use, and whether they are there. */
export interface SentinelWatch {
  /** Calls `listener` when another Redis becomes the master; gives the function that ends that. */
  onSwitch(listener: () => void): () => void;
  close(): void;
}

interface SentinelWatchOptions {
  /** With the Sentinels, the name by which they know the master, and how they are reached. */
  readonly redis: RedisOptions;
  readonly logger: Logger;
}

const SWITCHED = '+switch-master';
const AGAIN_MS = 1000;
const FAREWELL_MS = 100;

/**
 * Listens to all of them, whatever connections to the master there are. In place of the failover detector of
 * ioredis: that has three connections for each of ours, and prints what it meets to standard error.
 */
export function watchSentinels({ redis, logger }: SentinelWatchOptions): SentinelWatch {
  const listeners = new Set<() => void>();
  let isClosed = false;
  const clients = (redis.sentinels ?? []).map(({ host, port }) => {
    const at = `${host}:${port}`;
    const client = clientFor(redis, { host, port });
    watchOne(client, String(redis.name), {
      onSwitch() {
        for (const listener of listeners) listener();
      },
      onLost(reason) {
        if (isClosed) return;
        logger.warn({ event: 'redis.sentinel_lost', at, reason }, 'a Sentinel tells us nothing');
      },
      onBack: () => logger.info({ event: 'redis.sentinel_back', at }, 'a Sentinel is back'),
    });
    return client;
  });
  return {
    onSwitch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      isClosed = true;
      for (const client of clients) client.disconnect();
    },
  };
}

function clientFor(redis: RedisOptions, address: Pick<RedisOptions, 'host' | 'port'>): Redis {
  const { sentinelUsername, sentinelPassword, sentinelTLS, connectTimeout } = redis;
  return new Redis({
    ...address,
    ...(sentinelUsername == null ? {} : { username: sentinelUsername }),
    ...(sentinelPassword == null ? {} : { password: sentinelPassword }),
    ...(sentinelTLS && { tls: sentinelTLS }),
    ...(connectTimeout !== undefined && { connectTimeout }),
    connectionName: 'latchkey-sentinels',
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    disconnectTimeout: FAREWELL_MS,
    disableClientInfo: true,
  });
}

interface Told {
  readonly onSwitch: () => void;
  readonly onLost: (reason: string) => void;
  readonly onBack: () => void;
}

/** Tells once that a Sentinel is lost, whatever its connections meet until it is back. */
function watchOne(client: Redis, name: string, { onSwitch, onLost, onBack }: Told): void {
  let isLost = false;

  function lost(reason: string): void {
    if (!isLost) onLost(reason);
    isLost = true;
  }

  async function listen(): Promise<void> {
    try {
      const master = await client.call('SENTINEL', 'get-master-addr-by-name', name);
      if (master === null)
        throw new Error(`it knows no master ${name}: check storage.state.redis.sentinel.name`);
      await client.subscribe(SWITCHED);
      if (isLost) onBack();
      isLost = false;
    } catch (error) {
      lost(messageOf(error));
      setTimeout(() => client.status === 'ready' && client.disconnect(true), AGAIN_MS).unref();
    }
  }

  client.on('ready', () => void listen());
  client.on('error', (error: Error) => lost(error.message));
  client.on('close', () => lost('the connection was lost'));
  client.on('message', (_, text: string) => {
    // They may watch other masters, too.
    if (text.startsWith(`${name} `)) onSwitch();
  });
}
