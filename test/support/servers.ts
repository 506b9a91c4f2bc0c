import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENT_POSTGRES, startPostgres } from './postgres.ts';
import { PATIENT_REDIS, startRedis } from './redis.ts';

/** A Redis and a PostgreSQL of their own, for one node or several with the same keys. */
export interface TestServers {
  /** Of nodes that keep everything there. */
  readonly settings: {
    readonly storage: object;
    readonly signingKeys: { readonly folder: string };
  };
  /** Ends both, and removes what they and the nodes have kept. */
  stop(): Promise<void>;
}

/** Starts both. */
export async function startServers(): Promise<TestServers> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-keys-'));
  return {
    settings: {
      storage: {
        state: { engine: 'redis', redis: { url: redis.url, ...PATIENT_REDIS } },
        records: { engine: 'postgres', postgres: { url: postgres.url, ...PATIENT_POSTGRES } },
      },
      signingKeys: { folder },
    },
    async stop() {
      const ended = [redis.stop(), postgres.stop()];
      await Promise.all([...ended, rm(folder, { recursive: true, force: true })]);
    },
  };
}
