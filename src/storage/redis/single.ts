import type { RedisOptions } from 'ioredis';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { RedisSettings } from '../config.ts';
import { openMaster, refuseUnfit } from './master.ts';
import type { SentinelWatch } from './sentinel-watch.ts';
import { oneWay, type Topology } from './topology.ts';

/** What reaching a Redis takes. */
export interface TopologyOptions {
  readonly settings: RedisSettings;
  readonly redis: RedisOptions;
  /** Undefined: the master is always the same address. */
  readonly sentinels: SentinelWatch | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * One Redis, or the master that Sentinels name, has all keys.
 *
 * @throws {RedisMayEvict} {RedisRefused} when it is there and must not be used.
 */
export async function openSingle(options: TopologyOptions): Promise<Topology> {
  const { settings } = options;
  const setting = settings.sentinel ? 'storage.state.redis.sentinel' : 'storage.state.redis.url';
  const place = { mode: 'standalone', name: settings.url, called: `the Redis of ${setting}` };
  const master = openMaster({ ...options, place });
  try {
    await refuseUnfit([master.firstWord], settings.connectTimeoutMs);
  } catch (refusal) {
    await master.close();
    throw refusal;
  }
  const { lanes, health, close } = master;
  return { isSpread: false, ...oneWay(lanes), health, close };
}
