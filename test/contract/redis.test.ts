import { afterAll, beforeAll } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { PATIENT_REDIS, redisSettings, startRedis, type TestRedis } from '../support/redis.ts';
import { describeStateContract } from './state.contract.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis.stop());

describeStateContract('Redis', async () => {
  const { logger } = createRecordingLogger();
  const settings = redisSettings(redis.url, { ...PATIENT_REDIS, keyPrefix: `${randomId(6)}:` });
  return {
    open: () => openRedisState(settings, { clock: systemClock, logger }),
    now: systemClock.now,
    // Redis goes by its own clock, so time has to pass.
    pass: (seconds) => delay(seconds * 1000),
    close: async () => undefined,
  };
});
