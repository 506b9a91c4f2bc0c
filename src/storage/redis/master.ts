import type { RedisOptions } from 'ioredis';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { RedisSettings } from '../config.ts';
import type { StateHealth } from '../state.ts';
import { confirmationOf } from './durable.ts';
import { advise, messageOf, RedisMayEvict, RedisRefused, refusalOf } from './errors.ts';
import { createFence, type Neighbours } from './fence.ts';
import { createInspector } from './inspector.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { openLink } from './link.ts';
import { missingAmong } from './missing-link.ts';
import type { Reign } from './reigns.ts';
import type { SentinelWatch } from './sentinel-watch.ts';
import { remarksOf, type Place } from './server-facts.ts';

/** A Redis that takes writes, and the connections to it. */
export interface Master {
  readonly lanes: Lanes;
  /** Undefined until it has said whose time it is. */
  reign(): Reign | undefined;
  /** Resolves at the first word of it: undefined when it is fit, else what is wrong. */
  readonly firstWord: Promise<Error | undefined>;
  health(): Promise<StateHealth>;
  close(): Promise<void>;
}

export interface MasterOptions {
  readonly settings: RedisSettings;
  readonly redis: RedisOptions;
  readonly place: Place;
  readonly neighbours?: Neighbours;
  readonly sentinels: SentinelWatch | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Opens the connections to one Redis, which is inspected before each of them is used. */
export function openMaster(options: MasterOptions): Master {
  const { settings, redis, place, neighbours, sentinels, clock, logger } = options;
  const { commandTimeoutMs: timeoutMs, replicas } = settings;
  const first = Promise.withResolvers<Error | undefined>();
  const inspector = createInspector({ replicas, place, clock, logger });
  let reign: Reign | undefined;
  const main = openLink({
    redis: { ...redis, connectionName: 'latchkey' },
    sentinels,
    timeoutMs,
    prepare: async (client) => {
      reign = await inspector.inspect(client);
    },
    onReady() {
      logger.info({ event: 'redis.ready', at: place.name }, 'Redis is there');
      first.resolve(undefined);
    },
    onTrouble(trouble) {
      const reason = advise(trouble);
      logger.error({ event: 'redis.trouble', at: place.name, reason }, 'Redis does not serve us');
      first.resolve(trouble);
    },
  });
  const lanes = createLanes({
    main: { link: main, fence: createFence(() => reign, neighbours) },
    redis,
    sentinels,
    timeoutMs,
    replicas,
    confirmation: () => confirmationOf(inspector.facts(), replicas),
    reignBehind: inspector.reignBehind,
    neighbours,
  });
  return {
    lanes,
    reign: () => reign,
    firstWord: first.promise,
    async health() {
      if (!main.isReady()) return { ok: false, remarks: [advise(main.trouble())] };
      try {
        await main.prepareAgain();
      } catch (error) {
        return { ok: false, remarks: [messageOf(error)] };
      }
      const missing = await missingAmong(lanes.links());
      if (missing !== undefined) return { ok: false, remarks: [missing] };
      const facts = inspector.facts();
      return { ok: true, remarks: facts ? remarksOf(facts, replicas) : [] };
    },
    close: lanes.close,
  };
}

/**
 * Waits for the first word of all `masters`. One that still reads its data says nothing for minutes: after
 * `limitMs` the node starts without it.
 *
 * @throws {RedisMayEvict} {RedisRefused} when one of them is not fit to hold state, or turns us away.
 */
export async function refuseUnfit(
  firstWords: readonly Promise<Error | undefined>[],
  limitMs: number,
): Promise<void> {
  const limit = Promise.withResolvers<readonly undefined[]>();
  const timer = setTimeout(() => limit.resolve([]), limitMs);
  const refused = firstWords.map(async (word) => {
    const trouble = await word;
    const refusal = trouble && asRefusal(trouble);
    if (refusal) throw refusal;
    return undefined;
  });
  try {
    await Promise.race([Promise.all(refused), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function asRefusal(trouble: Error): Error | undefined {
  const isOurs = trouble instanceof RedisMayEvict || trouble instanceof RedisRefused;
  return isOurs ? trouble : refusalOf(trouble);
}
