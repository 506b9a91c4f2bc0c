import { PATIENT_POSTGRES, startPostgres } from '../../support/postgres.ts';
import { PATIENT_REDIS, startRedis } from '../../support/redis.ts';
import { changesContract } from './changes.contract.ts';

changesContract('on Redis and PostgreSQL', async () => {
  const [redis, postgres] = await Promise.all([startRedis({ port: 0 }), startPostgres()]);
  return {
    settings: {
      storage: {
        state: {
          engine: 'redis',
          redis: { url: `redis://127.0.0.1:${redis.port}/0`, ...PATIENT_REDIS },
        },
        records: { engine: 'postgres', postgres: { url: postgres.url, ...PATIENT_POSTGRES } },
      },
    },
    async close() {
      await redis.stop();
      await postgres.stop();
    },
  };
});
