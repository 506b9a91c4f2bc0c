import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { createEmbeddedPlace } from '../support/embedded-file.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { PATIENT_REDIS, redisSettings, startRedis, type TestRedis } from '../support/redis.ts';
import { describeTicketsContract } from './tickets.contract.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis.stop());

describeTicketsContract('the embedded engine', async () => {
  const place = await createEmbeddedPlace();
  return {
    open: async () => {
      const embedded = await place.open();
      return { ...embedded.state, close: () => embedded.close() };
    },
    close: () => place.close(),
  };
});

describeTicketsContract('Redis', async () => {
  const { logger } = createRecordingLogger();
  const settings = redisSettings(redis.url, { ...PATIENT_REDIS, keyPrefix: `${randomId(6)}:` });
  return {
    open: () => openRedisState(settings, { clock: systemClock, logger }),
    close: async () => undefined,
  };
});
