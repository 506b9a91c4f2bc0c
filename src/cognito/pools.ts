import { readSecret } from '../config/secrets.ts';
import type { CognitoConfig, DeclaredPool, DeclaredPoolClient } from './config.ts';
import { CognitoException } from './exception.ts';
import type { Pool, PoolClient } from './pool.ts';

/** A client with the pool that it belongs to. */
export interface ClientOfPool {
  readonly pool: Pool;
  readonly client: PoolClient;
}

/** Pools and their clients. */
export interface Pools {
  /** Undefined: no such pool. */
  find(poolId: string): Promise<Pool | undefined>;
  /** @throws {CognitoException} */
  client(clientId: string): Promise<ClientOfPool>;
  list(): readonly Pool[];
  clientsOf(poolId: string): Promise<readonly PoolClient[]>;
}

/** Those that the configuration declares. */
export function createPools({ pools }: Pick<CognitoConfig, 'pools'>): Pools {
  const byId = new Map<string, Pool>(pools.map((pool) => [pool.id, pool]));
  const clients = new Map(
    pools.flatMap((pool) =>
      pool.clients.map((client) => [client.id, clientReader(pool, client)] as const),
    ),
  );
  return {
    find: async (poolId) => byId.get(poolId),
    list: () => pools,
    async clientsOf(poolId) {
      const all = await Promise.all([...clients.values()].map((read) => read()));
      return all.map(({ client }) => client).filter((client) => client.poolId === poolId);
    },
    async client(clientId) {
      const read = clients.get(clientId);
      if (read !== undefined) return await read();
      throw new CognitoException(
        'ResourceNotFoundException',
        `User pool client ${clientId} does not exist.`,
      );
    },
  };
}

/** Its secret is read once, when it is first asked for. */
function clientReader(
  pool: DeclaredPool,
  declared: DeclaredPoolClient,
): () => Promise<ClientOfPool> {
  const { secret: reference, secretInClear, ...client } = declared;
  let read: Promise<string | undefined> | undefined;
  return async () => {
    read ??= reference === undefined ? Promise.resolve(secretInClear) : readSecret(reference);
    return { pool, client: { ...client, poolId: pool.id, secret: await read } };
  };
}
