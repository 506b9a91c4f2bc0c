import { z } from 'zod';
import type { Clock } from '../runtime/clock.ts';
import { randomId } from '../runtime/random.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { CognitoClientTable } from '../storage/tables.ts';
import { NO_OAUTH, oauthSettings } from './oauth.ts';
import { AUTH_FLOWS, type PoolClient } from './pool.ts';
import {
  clientById,
  clientsOfPool,
  deleteClient,
  insertClient,
  updateClient,
} from './pool-queries.ts';
import { randomLetters } from './random-letters.ts';

const clientSettings = z.strictObject({
  name: z.string(),
  authFlows: z.array(z.enum(AUTH_FLOWS)),
  accessTokenValidity: z.number(),
  idTokenValidity: z.number(),
  refreshTokenValidity: z.number(),
  authSessionValidity: z.number().default(180),
  rotateRefreshTokens: z.boolean(),
  rotationGrace: z.number().default(0),
  preventUserExistenceErrors: z.boolean(),
  // Of clients that were made before there were such endpoints.
  oauth: oauthSettings.default(NO_OAUTH),
  readable: z.array(z.string()).optional(),
  writable: z.array(z.string()).optional(),
  kept: z.record(z.string(), z.json()).default({}),
});

/** What the API says of a client. */
export type ClientSettings = Omit<PoolClient, 'id' | 'poolId' | 'secret'>;

/** Clients that were made by the API, in the records: a change counts from the next request on. */
export interface StoredClients {
  find(id: string): Promise<PoolClient | undefined>;
  ofPool(poolId: string): Promise<readonly PoolClient[]>;
  create(
    poolId: string,
    settings: ClientSettings,
    options: { readonly hasSecret: boolean },
  ): Promise<PoolClient>;
  /** By an id and with a secret that it has from elsewhere. @throws {RecordConflict} when there is one of that id. */
  insert(client: PoolClient): Promise<PoolClient>;
  update(id: string, settings: ClientSettings): Promise<boolean>;
  delete(id: string): Promise<boolean>;
}

const SECRET_BYTES = 38;
const ID_CHARACTERS = 26;

export function createStoredClients({
  records,
  sealer,
  clock,
}: {
  readonly records: Records;
  readonly sealer: Sealer;
  readonly clock: Clock;
}): StoredClients {
  const { queries } = records;

  function clientOf({
    id,
    pool_id: poolId,
    settings,
    secret_sealed: sealed,
  }: CognitoClientTable): PoolClient {
    const secret =
      sealed === null
        ? undefined
        : Buffer.from(sealer.open(sealed, secretContext(id))).toString('utf8');
    return { id, poolId, secret, ...clientSettings.parse(JSON.parse(settings)) };
  }

  async function insert({ id, poolId, secret, ...settings }: PoolClient): Promise<PoolClient> {
    const now = clock.now();
    await records.write(
      insertClient(queries, {
        id,
        pool_id: poolId,
        settings: JSON.stringify(settings),
        secret_sealed:
          secret === undefined ? null : sealer.seal(Buffer.from(secret, 'utf8'), secretContext(id)),
        created_at: now,
        updated_at: now,
      }),
    );
    return { id, poolId, secret, ...settings };
  }

  return {
    async find(id) {
      const row = await records.first(clientById(queries, id));
      return row && clientOf(row);
    },
    ofPool: async (poolId) => (await records.all(clientsOfPool(queries, poolId))).map(clientOf),
    async create(poolId, settings, { hasSecret }) {
      const id = randomLetters(ID_CHARACTERS, 'client').toLowerCase();
      const secret = hasSecret ? randomId(SECRET_BYTES, 'client secret') : undefined;
      return await insert({ id, poolId, secret, ...settings });
    },
    insert,
    async update(id, settings) {
      const columns = { id, settings: JSON.stringify(settings), updated_at: clock.now() };
      const [written] = await records.write(updateClient(queries, columns));
      return written?.rowsAffected === 1;
    },
    async delete(id) {
      const [written] = await records.write(deleteClient(queries, id));
      return written?.rowsAffected === 1;
    },
  };
}

/** What a client's sealed secret is bound to. */
export function secretContext(clientId: string): string {
  return `cognito-client ${clientId}`;
}
