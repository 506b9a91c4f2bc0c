import { z } from 'zod';
import type { Clock } from '../runtime/clock.ts';
import type { Records } from '../storage/records.ts';
import type { CognitoPoolTable } from '../storage/tables.ts';
import { MFA_FACTORS, SIGN_IN_BY, type MadeByApi, type Pool } from './pool.ts';
import { recoveryIn } from './pool-kept.ts';
import { allPools, deletePool, insertPool, poolById, updatePool } from './pool-queries.ts';
import { randomLetters } from './random-letters.ts';
import { STANDARD_NAMES } from './standard-attributes.ts';

const limits = { min: z.number().optional(), max: z.number().optional() };

const poolSettings = z.strictObject({
  name: z.string(),
  signInBy: z.enum(SIGN_IN_BY),
  autoVerifyEmail: z.boolean(),
  autoVerifyPhone: z.boolean().default(false),
  selfSignUp: z.boolean(),
  mfa: z.enum(['off', 'optional', 'on']),
  mfaFactors: z.array(z.enum(MFA_FACTORS)).default(['app']),
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
      ...limits,
    }),
  ),
  standardAttributes: z
    .array(
      z.strictObject({
        name: z.enum(STANDARD_NAMES),
        required: z.boolean(),
        mutable: z.boolean(),
        ...limits,
      }),
    )
    .default([]),
  isProtected: z.boolean().default(false),
  tags: z.record(z.string(), z.string()).default({}),
  kept: z.record(z.string(), z.json()).default({}),
  emailMfa: z.record(z.string(), z.json()).default({}),
  smsMfa: z.record(z.string(), z.json()).default({}),
});

/** What the API says of a pool; its issuer is ours, and its users are those who came by the API. */
export type PoolSettings = Omit<Pool, 'id' | 'issuer' | 'people' | 'made' | 'recoverBy'> &
  Pick<MadeByApi, 'isProtected' | 'tags' | 'kept' | 'emailMfa' | 'smsMfa'>;

/** Pools that were made by the API, in the records: a change counts from the next request on. */
export interface StoredPools {
  find(id: string): Promise<Pool | undefined>;
  list(): Promise<readonly Pool[]>;
  create(settings: PoolSettings, region: string): Promise<Pool>;
  /** By an id that it has from elsewhere. @throws {RecordConflict} when there is one of that id. */
  insert(id: string, settings: PoolSettings): Promise<Pool>;
  /** What `insert` would give; nothing is written. */
  preview(id: string, settings: PoolSettings): Pool;
  /** What `next` makes of its settings, called again when another change was faster. Undefined: no such pool. */
  change(id: string, next: (settings: PoolSettings) => PoolSettings): Promise<Pool | undefined>;
  /** False: no such pool. */
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

  function rowOf(id: string, settings: PoolSettings): CognitoPoolTable {
    const now = clock.now();
    return { id, settings: JSON.stringify(settings), created_at: now, updated_at: now };
  }

  async function insert(id: string, settings: PoolSettings): Promise<Pool> {
    const row = rowOf(id, settings);
    await records.write(insertPool(queries, row));
    return poolOfRow(row);
  }

  async function change(
    id: string,
    next: (settings: PoolSettings) => PoolSettings,
  ): Promise<Pool | undefined> {
    const row = await records.first(poolById(queries, id));
    if (row === undefined) return undefined;
    const settings = JSON.stringify(next(poolSettings.parse(JSON.parse(row.settings))));
    const changed = { ...row, settings, updated_at: clock.now() };
    const [written] = await records.write(updatePool(queries, changed, row.settings));
    return written?.rowsAffected === 1 ? poolOfRow(changed) : await change(id, next);
  }

  return {
    async find(id) {
      const row = await records.first(poolById(queries, id));
      return row && poolOfRow(row);
    },
    list: async () => (await records.all(allPools(queries))).map(poolOfRow),
    create: (settings, region) => insert(`${region}_${randomLetters(9, 'Cognito pool')}`, settings),
    insert,
    preview: (id, settings) => poolOfRow(rowOf(id, settings)),
    change,
    async delete(id) {
      const [written] = await records.write(...deletePool(queries, id));
      return written?.rowsAffected === 1;
    },
  };
}

function poolOfRow({ id, settings, created_at, updated_at }: CognitoPoolTable): Pool {
  const { isProtected, tags, kept, emailMfa, smsMfa, ...known } = poolSettings.parse(
    JSON.parse(settings),
  );
  const made = {
    isProtected,
    tags,
    kept,
    emailMfa,
    smsMfa,
    createdAt: created_at,
    updatedAt: updated_at,
  };
  return { id, issuer: 'ours', people: false, recoverBy: recoveryIn(kept), ...known, made };
}
