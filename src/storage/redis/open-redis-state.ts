import type { Redis, RedisOptions } from 'ioredis';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { RedisSettings } from '../config.ts';
import type { State, StateHealth } from '../state.ts';
import { createAttempt, createAttemptIds } from './attempts.ts';
import { createCollectionVerbs } from './collections.ts';
import { readConnectionOptions } from './connection-options.ts';
import { confirmationOf } from './durable.ts';
import { createEntryVerbs, type VerbParts } from './entries.ts';
import { advise, messageOf, RedisMayEvict, RedisRefused, refusalOf } from './errors.ts';
import { createInspector, type Inspector } from './inspector.ts';
import { createLanes } from './lanes.ts';
import { openLink, type Link } from './link.ts';
import { createNames, type Names } from './names.ts';
import { loadScripts } from './scripts.ts';
import { remarksOf } from './server-facts.ts';
import { createSubscriptions } from './subscriptions.ts';

export interface RedisStateParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Opens the state in a Redis of version 7 or later. When Redis is not there, opening succeeds all the
 * same: the verbs fail with StateUnavailable until it comes.
 *
 * @throws {RedisMayEvict} when it is there and may throw state away to make room.
 * @throws {RedisRefused} when it is there and turns us away: credentials, TLS, an old version.
 * @throws {SecretUnavailable} when the password cannot be read.
 */
export async function openRedisState(
  settings: RedisSettings,
  { clock, logger }: RedisStateParts,
): Promise<State> {
  const [scripts, redis] = await Promise.all([loadScripts(), readConnectionOptions(settings)]);
  const inspector = createInspector(settings, logger);
  const main = await openMain(settings, redis, { inspector, logger });
  const timeoutMs = settings.commandTimeoutMs;
  const lanes = createLanes({
    main,
    redis,
    timeoutMs,
    replicas: settings.replicas,
    confirmation: () => confirmationOf(inspector.facts(), settings.replicas),
  });
  const names = createNames(settings.keyPrefix);
  const parts: VerbParts = {
    lanes,
    names,
    scripts,
    nextAttempt: createAttemptIds(),
    markMs: 2 * timeoutMs,
  };
  const notices = openNotices(redis, { names, timeoutMs, logger });
  return {
    ...createEntryVerbs(parts),
    ...createCollectionVerbs(parts, clock),
    async notify(topic) {
      const channel = names.channel(topic);
      await lanes.main.attempt(() => main.client.publish(channel, ''));
    },
    subscribe: notices.subscribe,
    health: () => healthOf(main, inspector, settings),
    async close() {
      await Promise.all([lanes.close(), notices.close()]);
    },
  };
}

interface MainParts {
  readonly inspector: Inspector;
  readonly logger: Logger;
}

/** Opens the connection that nearly all verbs use, and waits for the first word of it, good or bad. */
async function openMain(
  settings: RedisSettings,
  redis: RedisOptions,
  { inspector, logger }: MainParts,
): Promise<Link> {
  const first = Promise.withResolvers<Error | undefined>();
  const link = openLink({
    redis: { ...redis, connectionName: 'latchkey' },
    timeoutMs: settings.commandTimeoutMs,
    prepare: inspector.inspect,
    onReady() {
      logger.info({ event: 'redis.ready', url: settings.url }, 'Redis is there');
      first.resolve(undefined);
    },
    onTrouble(trouble) {
      const reason = advise(trouble);
      logger.error({ event: 'redis.trouble', reason }, 'Redis does not serve us');
      first.resolve(trouble);
    },
  });
  // A Redis that still reads its data says neither; it may take minutes, and the node starts without it.
  const limit = link.untilReady(settings.connectTimeoutMs).then(() => undefined);
  const trouble = await Promise.race([first.promise, limit]);
  const refusal = trouble && asRefusal(trouble);
  if (!refusal) return link;
  await link.close();
  throw refusal;
}

function asRefusal(trouble: Error): Error | undefined {
  const isOurs = trouble instanceof RedisMayEvict || trouble instanceof RedisRefused;
  return isOurs ? trouble : refusalOf(trouble);
}

interface NoticesParts {
  readonly names: Names;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

interface Notices {
  readonly subscribe: State['subscribe'];
  close(): Promise<void>;
}

/** Opens the connection on which notifications come. */
function openNotices(redis: RedisOptions, { names, timeoutMs, logger }: NoticesParts): Notices {
  let connections = 0;
  const link: Link = openLink({
    redis: { ...redis, connectionName: 'latchkey-notices' },
    timeoutMs,
    prepare: (client: Redis) => subscriptions.restore(client),
    onReady() {
      connections += 1;
      if (connections > 1) subscriptions.tellAll();
    },
  });
  const subscriptions = createSubscriptions(
    { client: link.client, attempt: createAttempt(link, timeoutMs) },
    logger,
  );
  link.client.on('message', subscriptions.tell);
  return {
    async subscribe(topic, listener) {
      return await subscriptions.subscribe(names.channel(topic), listener);
    },
    close: () => link.close(),
  };
}

async function healthOf(
  main: Link,
  inspector: Inspector,
  settings: RedisSettings,
): Promise<StateHealth> {
  if (!main.isReady()) return { ok: false, remarks: [advise(main.trouble())] };
  try {
    await main.prepareAgain();
  } catch (error) {
    return { ok: false, remarks: [messageOf(error)] };
  }
  const facts = inspector.facts();
  return { ok: true, remarks: facts ? remarksOf(facts, settings.replicas) : [] };
}
