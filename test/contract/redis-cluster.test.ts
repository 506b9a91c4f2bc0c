import { afterAll, beforeAll } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { startCluster, type TestCluster } from '../support/redis-cluster.ts';
import { redisSettings } from '../support/redis.ts';
import { describeStateContract } from './state.contract.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.close());

describeStateContract('a Redis Cluster', async () => {
  const { logger } = createRecordingLogger();
  const settings = redisSettings('redis://nobody.invalid', {
    keyPrefix: `${randomId(6)}:`,
    cluster: { nodes: [...cluster.nodes] },
  });
  return {
    open: () => openRedisState(settings, { clock: systemClock, logger }),
    now: systemClock.now,
    pass: (seconds) => delay(seconds * 1000),
    close: async () => undefined,
  };
});
