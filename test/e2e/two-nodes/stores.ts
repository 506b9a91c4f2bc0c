import { PATIENT_POSTGRES, startPostgres } from '../../support/postgres.ts';
import { PATIENT_REDIS, startRedis } from '../../support/redis.ts';

/** What the nodes share beside their folder. */
export interface Stores {
  readonly settings: object;
  close(): Promise<void>;
}

/** The file that lies in their folder. */
export async function openEmbedded(): Promise<Stores> {
  return { settings: {}, close: () => Promise.resolve() };
}

/** Redis and PostgreSQL. */
export async function openServers(): Promise<Stores> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  const storage = {
    // A machine that all tests share answers late at times; what is tested here is not how that is told.
    state: { engine: 'redis', redis: { url: redis.url, ...PATIENT_REDIS } },
    records: {
      engine: 'postgres',
      postgres: { url: await postgres.createDatabase(), ...PATIENT_POSTGRES },
    },
  };
  return {
    settings: { storage },
    async close() {
      await redis.stop();
      await postgres.stop();
    },
  };
}
