import { randomInt } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { messageOf } from './errors.ts';
import { startHeartbeat } from './heartbeat.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import { redirectOf } from './redirects.ts';
import type { Script } from './scripts.ts';
import type { SentinelWatch } from './sentinel-watch.ts';

/** Where the commands of a verb go. */
export interface Wire {
  send(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** Runs a script, by its hash where the connection has seen it before. */
  evaluate(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown>;
}

/** One connection to Redis that comes back by itself. */
export interface Link extends Wire {
  readonly client: Redis;
  /** True while connected and prepared. */
  isReady(): boolean;
  /** Waits for that, but not for a link that has been down for longer than the limit already. */
  untilReady(limitMs: number): Promise<boolean>;
  /** Why it is not ready, in an operator's words. */
  trouble(): Error;
  /** Has what this turn sends go out in one piece: measured, half the processor time of many at once. */
  gather(): void;
  /** Prepares once more, as after a reconnect; throws what `prepare` throws. */
  prepareAgain(): Promise<void>;
  /** Lets what has been sent be answered, then ends. */
  close(): Promise<void>;
}

export interface LinkOptions {
  readonly redis: RedisOptions;
  /** Where to connect in place of where it was, when that failed or ended; left out: there again. */
  readonly elsewhere?: () => Pick<RedisOptions, 'host' | 'port'>;
  /** Who tells that the master is another one. */
  readonly sentinels?: Pick<SentinelWatch, 'onSwitch'> | undefined;
  /** How long an answer may take before the connection counts as dead. */
  readonly timeoutMs: number;
  /** Makes a fresh connection usable; it is not ready before. Throws when it must not be used. */
  readonly prepare?: (client: Redis) => Promise<void>;
  readonly onReady?: () => void;
  /** Told once of each trouble between two times that the link is ready. */
  readonly onTrouble?: (trouble: Error) => void;
}

const BACKOFF_FIRST_MS = 25;
const BACKOFF_MAX_MS = 1000;
const PREPARE_AGAIN_MS = 1000;
const LOADING_AGAIN_MS = 100;
const FAREWELL_MS = 100;

/**
 * Opens ioredis, set so that it never repeats or keeps back a command by itself: what was not answered
 * fails at once when the connection goes, and whoever sent it knows whether it may be repeated.
 */
export function openLink(options: LinkOptions): Link {
  const client: Redis = new Redis({
    ...options.redis,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: LOADING_AGAIN_MS,
    // A process that ends waits for this even where nothing is connected.
    disconnectTimeout: FAREWELL_MS,
    disableClientInfo: true,
    retryStrategy(times) {
      Object.assign(client.options, options.elsewhere?.());
      return backoff(times);
    },
    // A master that became a replica: the address may lead to the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  const readiness = createReadiness();
  const loaded = new Set<string>();
  const prepare = keepPrepared(client, readiness, options);
  client.on('ready', () => loaded.clear());
  // That one of them is gone is told by the watch; that all are, as an error.
  client.on('sentinelError', () => undefined);
  const stopFollowing = options.sentinels?.onSwitch(() => client.disconnect(true));
  const stopHeartbeat = startHeartbeat(client, options.timeoutMs);
  return {
    client,
    isReady: readiness.isUp,
    untilReady: readiness.wait,
    trouble: readiness.trouble,
    prepareAgain: prepare,
    gather: createGatherer(client),
    send: (command, ...args) => client.call(command, ...args),
    evaluate: (script, keys, args) => evaluate(client, loaded, { script, keys, args }),
    async close() {
      readiness.end();
      stopFollowing?.();
      await client.quit().catch(() => client.disconnect());
      stopHeartbeat();
    },
  };
}

/** A node of a Cluster that a slot is moving to, asked for a key of that slot: it refuses those not told so. */
export function asking({ client, send, evaluate: run }: Link): Wire {
  const ask = (): void => {
    // Whether it was heard is told by the answer to what follows on the same connection.
    client.asking().catch(() => undefined);
  };
  return {
    async send(command, ...args) {
      ask();
      return await send(command, ...args);
    },
    async evaluate(script, keys, args) {
      ask();
      return await run(script, keys, args);
    },
  };
}

/** Doubling, to a second at most; the chance in it keeps the nodes from coming back all at once. */
function backoff(times: number): number {
  const ms = Math.min(BACKOFF_FIRST_MS * 2 ** (times - 1), BACKOFF_MAX_MS);
  return randomInt(Math.ceil(ms / 2), ms + 1);
}

/** Prepares every fresh connection, until it is or the next one comes; gives the function that does. */
function keepPrepared(
  client: Redis,
  readiness: Readiness,
  { prepare, onReady, onTrouble }: LinkOptions,
): () => Promise<void> {
  let handshakeTrouble: Error | undefined;

  function down(reason: Error): void {
    if (readiness.down(reason)) onTrouble?.(reason);
  }

  async function prepareOnce(): Promise<void> {
    const { stream } = client;
    const isCurrent = (): boolean => stream === client.stream && client.status === 'ready';
    try {
      // ioredis reports a database that it could not select, and goes on with another.
      if (handshakeTrouble) throw handshakeTrouble;
      await prepare?.(client);
    } catch (error) {
      if (isCurrent()) {
        down(error instanceof Error ? error : new Error(messageOf(error)));
        setTimeout(prepareInBackground, PREPARE_AGAIN_MS, stream).unref();
      }
      throw error;
    }
    if (!isCurrent() || readiness.isUp()) return;
    readiness.up();
    onReady?.();
  }

  function prepareInBackground(stream: Redis['stream']): void {
    if (stream !== client.stream || client.status !== 'ready') return;
    // Its failure has been told by `down`.
    prepareOnce().catch(() => undefined);
  }

  client.on('connect', () => {
    handshakeTrouble = undefined;
  });
  client.on('ready', () => prepareInBackground(client.stream));
  client.on('error', (error: Error) => {
    if (client.status === 'connect') handshakeTrouble = error;
    down(error);
  });
  client.on('close', () => {
    down(readiness.isUp() ? new Error('the connection was lost') : readiness.trouble());
  });
  return prepareOnce;
}

function createGatherer(client: Redis): () => void {
  let gathering: Redis['stream'] | undefined;

  function send(): void {
    gathering?.uncork();
    gathering = undefined;
  }

  return () => {
    if (gathering) return;
    gathering = client.stream;
    gathering.cork();
    setImmediate(send);
  };
}

interface Evaluation {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** Sends the text of a script once to each connection, and its hash from then on. */
async function evaluate(
  client: Redis,
  loaded: Set<string>,
  { script, keys, args }: Evaluation,
): Promise<unknown> {
  const isLoaded = loaded.has(script.sha);
  loaded.add(script.sha);
  try {
    return await (isLoaded
      ? client.evalsha(script.sha, keys.length, ...keys, ...args)
      : client.eval(script.source, keys.length, ...keys, ...args));
  } catch (error) {
    // A node of a Cluster that sends us elsewhere has not read the script.
    if (messageOf(error).startsWith('NOSCRIPT') || redirectOf(error)) loaded.delete(script.sha);
    throw error;
  }
}
