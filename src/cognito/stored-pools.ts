import { z } from 'zod';
import type { Clock } from '../runtime/clock.ts';
import type { Records } from '../storage/records.ts';
import type { CognitoPoolTable } from '../storage/tables.ts';
import type { Pool } from './pool.ts';
import { allPools, deletePool, insertPool, poolById, updatePool } from './pool-queries.ts';
import { randomLetters } from './random-letters.ts';

const poolSettings = z.strictObject({
  name: z.string(),
  signInBy: z.enum(['username', 'email', 'both']),
  autoVerifyEmail: z.boolean(),
  selfSignUp: z.boolean(),
  mfa: z.enum(['off', 'optional', 'on']),
  passwordPolicy: z.strictObject({
    minimumLength: z.number(),
    requireUppercase: z.boolean(),
    requireLowercase: z.boolean(),
    requireNumbers: z.boolean(),
    requireSymbols: z.boolean(),
  }),
  attributes: z.array(
    z.strictObject({
      name: z.string(),
      type: z.enum(['String', 'Number', 'DateTime', 'Boolean']),
      mutable: z.boolean(),
    }),
  ),
});

/** What the API says of a pool; its issuer is ours, and its users are those who came by the API. */
export type PoolSettings = Omit<Pool, 'id' | 'issuer' | 'people'>;

/** Pools that were made by the API, in the records: a change counts from the next request on. */
export interface StoredPools {
  find(id: string): Promise<Pool | undefined>;
  list(): Promise<readonly Pool[]>;
  create(settings: PoolSettings, region: string): Promise<Pool>;
  /** False: no such pool. */
  update(id: string, settings: PoolSettings): Promise<boolean>;
  delete(id: string): Promise<boolean>;
}

export function createStoredPools({
  records,
  clock,
}: {
  readonly records: Records;
  readonly clock: Clock;
}): StoredPools {
  const { queries } = records;

  return {
    async find(id) {
      const row = await records.first(poolById(queries, id));
      return row && poolOfRow(row);
    },
    list: async () => (await records.all(allPools(queries))).map(poolOfRow),
    async create(settings, region) {
      const now = clock.now();
      const row = {
        id: `${region}_${randomLetters(9)}`,
        settings: JSON.stringify(settings),
        created_at: now,
        updated_at: now,
      };
      await records.write(insertPool(queries, row));
      return poolOfRow(row);
    },
    async update(id, settings) {
      const columns = { id, settings: JSON.stringify(settings), updated_at: clock.now() };
      const [written] = await records.write(updatePool(queries, columns));
      return written?.rowsAffected === 1;
    },
    async delete(id) {
      const [written] = await records.write(...deletePool(queries, id));
      return written?.rowsAffected === 1;
    },
  };
}

function poolOfRow({ id, settings }: CognitoPoolTable): Pool {
  return { id, issuer: 'ours', people: false, ...poolSettings.parse(JSON.parse(settings)) };
}
