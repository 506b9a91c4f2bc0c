import { randomId } from '../../src/runtime/random.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { createEmbeddedPlace } from '../support/embedded-file.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { PATIENT_REDIS, redisSettings, startRedis } from '../support/redis.ts';
import { describeFlowsContract } from './flows.contract.ts';

describeFlowsContract('the embedded engine', async () => {
  const place = await createEmbeddedPlace();
  const [one, other] = [await place.open(), await place.open()];
  return { states: [one.state, other.state], close: () => place.close() };
});

describeFlowsContract('Redis', async () => {
  const redis = await startRedis();
  const { logger } = createRecordingLogger();
  const settings = redisSettings(redis.url, { ...PATIENT_REDIS, keyPrefix: `${randomId(6)}:` });
  const open = (): ReturnType<typeof openRedisState> =>
    openRedisState(settings, { clock: systemClock, logger });
  const [one, other] = [await open(), await open()];
  return {
    states: [one, other],
    async close() {
      await Promise.all([one.close(), other.close()]);
      await redis.stop();
    },
  };
});
