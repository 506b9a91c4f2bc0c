import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { randomId } from '../../../src/runtime/random.ts';
import { openPostgresRecords } from '../../../src/storage/postgres/open-postgres-records.ts';
import { openRedisState } from '../../../src/storage/redis/open-redis-state.ts';
import {
  PATIENT_POSTGRES,
  postgresSettings,
  startPostgres,
  type TestPostgres,
} from '../../support/postgres.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { PATIENT_REDIS, redisSettings, startRedis, type TestRedis } from '../../support/redis.ts';
import { describeFactors } from './factors.contract.ts';

let postgres: TestPostgres;
let redis: TestRedis;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

describeFactors('PostgreSQL and Redis', async () => {
  const { logger } = createRecordingLogger();
  const database = postgresSettings(await postgres.createDatabase(), PATIENT_POSTGRES);
  const keys = redisSettings(redis.url, { ...PATIENT_REDIS, keyPrefix: `${randomId(6)}:` });
  return {
    async open() {
      const records = await openPostgresRecords(database, { logger });
      const state = await openRedisState(keys, { clock: systemClock, logger });
      onTestFinished(() => records.close());
      onTestFinished(() => state.close());
      return { records, state };
    },
  };
});
