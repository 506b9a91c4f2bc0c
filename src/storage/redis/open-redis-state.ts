import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { RedisSettings } from '../config.ts';
import type { State } from '../state.ts';
import { createAttempt, createAttemptIds } from './attempts.ts';
import { openCluster } from './cluster.ts';
import { createCollectionVerbs } from './collections.ts';
import { readConnectionOptions } from './connection-options.ts';
import { createEntryVerbs, type VerbParts } from './entries.ts';
import { missingAmong } from './missing-link.ts';
import { createNames } from './names.ts';
import { openNotices } from './notices.ts';
import { loadScripts } from './scripts.ts';
import { watchSentinels } from './sentinel-watch.ts';
import { openSingle, type TopologyOptions } from './single.ts';
import type { Topology } from './topology.ts';

export interface RedisStateParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Opens the state in a Redis of version 7 or later, or in a Cluster of them. When Redis is not there,
 * opening succeeds all the same: the verbs fail with StateUnavailable until it comes.
 *
 * @throws {RedisMayEvict} when it is there and may throw state away to make room.
 * @throws {RedisRefused} when it is there and turns us away: credentials, TLS, an old version.
 * @throws {SecretUnavailable} when the password cannot be read.
 */
export async function openRedisState(
  settings: RedisSettings,
  parts: RedisStateParts,
): Promise<State> {
  const [scripts, redis] = await Promise.all([loadScripts(), readConnectionOptions(settings)]);
  const { clock, logger } = parts;
  const sentinels = settings.sentinel && watchSentinels({ redis, logger });
  const topology = await openTopology({ settings, redis, sentinels, ...parts }).catch((error) => {
    sentinels?.close();
    throw error;
  });
  const timeoutMs = settings.commandTimeoutMs;
  const names = createNames(settings.keyPrefix);
  const attempt = createAttempt(topology, timeoutMs);
  const verbs: VerbParts = {
    attempt,
    isSpread: topology.isSpread,
    names,
    scripts,
    nextAttempt: createAttemptIds(),
    markMs: 2 * timeoutMs,
  };
  const { elsewhere } = topology;
  const listening = { redis, sentinels, ...(elsewhere && { elsewhere }), timeoutMs };
  const notices = openNotices({ ...listening, names, logger });
  return {
    ...createEntryVerbs(verbs),
    ...createCollectionVerbs(verbs, clock),
    async notify(topic) {
      const channel = names.channel(topic);
      await attempt(channel, (wire) => wire.send('PUBLISH', channel, ''));
    },
    subscribe: notices.subscribe,
    async health() {
      const found = await topology.health();
      const missing = found.ok ? await missingAmong([notices.link]) : undefined;
      return missing === undefined ? found : { ok: false, remarks: [missing] };
    },
    async close() {
      sentinels?.close();
      await Promise.all([topology.close(), notices.close()]);
    },
  };
}

async function openTopology(options: TopologyOptions): Promise<Topology> {
  const { cluster } = options.settings;
  if (cluster) return await openCluster({ ...options, nodes: cluster.nodes });
  return await openSingle(options);
}
