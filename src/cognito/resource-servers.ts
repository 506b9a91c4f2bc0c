import { z } from 'zod';
import { RecordConflict, type Records } from '../storage/records.ts';
import type { CognitoResourceServerTable } from '../storage/tables.ts';
import {
  deleteResourceServer,
  insertResourceServer,
  resourceServer,
  resourceServersOf,
  updateResourceServer,
} from './resource-server-queries.ts';

const scopes = z.array(z.strictObject({ name: z.string(), description: z.string() }));

/** An API whose scopes clients of a pool may ask for, as `IDENTIFIER/SCOPE`. */
export interface ResourceServer {
  readonly poolId: string;
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly { readonly name: string; readonly description: string }[];
}

/** Resource servers of pools, in the records: a change counts from the next request on. */
export interface ResourceServers {
  find(poolId: string, identifier: string): Promise<ResourceServer | undefined>;
  ofPool(poolId: string): Promise<readonly ResourceServer[]>;
  /** False: the pool has one of that identifier. */
  create(server: ResourceServer): Promise<boolean>;
  /** False: there is none. */
  update(server: ResourceServer): Promise<boolean>;
  /** False: there is none. */
  delete(poolId: string, identifier: string): Promise<boolean>;
}

export function createResourceServers({ records }: { readonly records: Records }): ResourceServers {
  const { queries } = records;
  return {
    async find(poolId, identifier) {
      const row = await records.first(resourceServer(queries, poolId, identifier));
      return row && serverOf(row);
    },
    ofPool: async (poolId) => (await records.all(resourceServersOf(queries, poolId))).map(serverOf),
    async create(server) {
      try {
        await records.write(insertResourceServer(queries, rowOf(server)));
        return true;
      } catch (error) {
        if (error instanceof RecordConflict) return false;
        throw error;
      }
    },
    async update(server) {
      const [written] = await records.write(updateResourceServer(queries, rowOf(server)));
      return written?.rowsAffected === 1;
    },
    async delete(poolId, identifier) {
      const [written] = await records.write(deleteResourceServer(queries, poolId, identifier));
      return written?.rowsAffected === 1;
    },
  };
}

function rowOf({
  poolId,
  identifier,
  name,
  scopes: own,
}: ResourceServer): CognitoResourceServerTable {
  return { pool_id: poolId, identifier, name, scopes: JSON.stringify(own) };
}

function serverOf(row: CognitoResourceServerTable): ResourceServer {
  const { pool_id: poolId, identifier, name } = row;
  return { poolId, identifier, name, scopes: scopes.parse(JSON.parse(row.scopes)) };
}
