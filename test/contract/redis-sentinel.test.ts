import { afterAll, beforeAll } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { redisSettings } from '../support/redis.ts';
import { startSentinelSet, type SentinelSet } from '../support/sentinel.ts';
import { describeStateContract } from './state.contract.ts';

let set: SentinelSet;

beforeAll(async () => {
  set = await startSentinelSet();
});

afterAll(() => set.close());

describeStateContract('Redis behind Sentinels', async () => {
  const { logger } = createRecordingLogger();
  const { nodes, name } = set;
  const settings = redisSettings('redis://nobody.invalid/0', {
    keyPrefix: `${randomId(6)}:`,
    sentinel: { nodes: [...nodes], name },
    replicas: 1,
  });
  return {
    open: () => openRedisState(settings, { clock: systemClock, logger }),
    now: systemClock.now,
    pass: (seconds) => delay(seconds * 1000),
    close: async () => undefined,
  };
});
