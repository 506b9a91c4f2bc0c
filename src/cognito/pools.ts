import { readSecret } from '../config/secrets.ts';
import type { DeclaredPoolClient } from './client-config.ts';
import type { CognitoConfig, DeclaredPool } from './config.ts';
import { CognitoException } from './exception.ts';
import type { Pool, PoolClient } from './pool.ts';
import type { StoredClients } from './stored-clients.ts';
import type { StoredPools } from './stored-pools.ts';

/** A client with the pool that it belongs to. */
export interface ClientOfPool {
  readonly pool: Pool;
  readonly client: PoolClient;
}

/** Pools and their clients: those that the configuration declares, and those that were made by the API. */
export interface Pools {
  /** Undefined: no such pool. */
  find(poolId: string): Promise<Pool | undefined>;
  /** Undefined: no such client. */
  findClient(clientId: string): Promise<ClientOfPool | undefined>;
  /** @throws {CognitoException} when there is none. */
  client(clientId: string): Promise<ClientOfPool>;
  list(): Promise<readonly Pool[]>;
  clientsOf(poolId: string): Promise<readonly PoolClient[]>;
}

/** What is declared goes first. */
export function createPools(
  { pools: declared }: Pick<CognitoConfig, 'pools'>,
  storedPools: Pick<StoredPools, 'find' | 'list'>,
  storedClients: Pick<StoredClients, 'find' | 'ofPool'>,
): Pools {
  const byId = new Map<string, Pool>(declared.map((pool) => [pool.id, pool]));
  const clients = new Map(
    declared.flatMap((pool) =>
      pool.clients.map((client) => [client.id, clientReader(pool, client)] as const),
    ),
  );
  const find = async (id: string): Promise<Pool | undefined> =>
    byId.get(id) ?? (await storedPools.find(id));
  const findClient = async (id: string): Promise<ClientOfPool | undefined> => {
    const client = (await clients.get(id)?.()) ?? (await storedClients.find(id));
    const pool = client && (await find(client.poolId));
    return client && pool && { pool, client };
  };

  return {
    find,
    findClient,
    list: async () => [...declared, ...(await storedPools.list())],
    async client(clientId) {
      const found = await findClient(clientId);
      if (found !== undefined) return found;
      throw new CognitoException(
        'ResourceNotFoundException',
        `User pool client ${clientId} does not exist.`,
      );
    },
    async clientsOf(poolId) {
      const all = await Promise.all([...clients.values()].map((read) => read()));
      const ofPool = all.filter((client) => client.poolId === poolId);
      return [...ofPool, ...(await storedClients.ofPool(poolId))];
    },
  };
}

/** Its secret is read once, when it is first asked for. */
function clientReader(
  { id: poolId }: DeclaredPool,
  declared: DeclaredPoolClient,
): () => Promise<PoolClient> {
  const { secret: reference, secretInClear, ...client } = declared;
  let read: Promise<string | undefined> | undefined;
  return async () => {
    read ??= reference === undefined ? Promise.resolve(secretInClear) : readSecret(reference);
    return { ...client, poolId, secret: await read };
  };
}
