import { z } from 'zod';
import { RecordConflict, type Records } from '../storage/records.ts';
import type { CognitoResourceServerTable } from '../storage/tables.ts';
import type { CognitoConfig } from './config.ts';
import { declaredHere } from './exception.ts';
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

/** Resource servers of pools: those that the configuration declares, and those in the records, where a change counts from the next request on. */
export interface ResourceServers {
  find(poolId: string, identifier: string): Promise<ResourceServer | undefined>;
  ofPool(poolId: string): Promise<readonly ResourceServer[]>;
  /** False: the pool has one of that identifier. */
  create(server: ResourceServer): Promise<boolean>;
  /** False: there is none. @throws {CognitoException} when it is declared. */
  update(server: ResourceServer): Promise<boolean>;
  /** False: there is none. @throws {CognitoException} when it is declared. */
  delete(poolId: string, identifier: string): Promise<boolean>;
}

export function createResourceServers({
  records,
  settings: { pools },
}: {
  readonly records: Records;
  readonly settings: Pick<CognitoConfig, 'pools'>;
}): ResourceServers {
  const { queries } = records;
  const declared = pools.flatMap(({ id: poolId, resourceServers }) =>
    resourceServers.map((server): ResourceServer => ({ poolId, ...server })),
  );
  const declaredOf = (poolId: string, identifier: string): ResourceServer | undefined =>
    declared.find((one) => one.poolId === poolId && one.identifier === identifier);

  function refuseDeclared(poolId: string, identifier: string): void {
    if (declaredOf(poolId, identifier) !== undefined) throw declaredHere('resource server');
  }

  return {
    async find(poolId, identifier) {
      const known = declaredOf(poolId, identifier);
      if (known !== undefined) return known;
      const row = await records.first(resourceServer(queries, poolId, identifier));
      return row && serverOf(row);
    },
    async ofPool(poolId) {
      const rows = await records.all(resourceServersOf(queries, poolId));
      const made = rows.filter(({ identifier }) => declaredOf(poolId, identifier) === undefined);
      return [...declared.filter((one) => one.poolId === poolId), ...made.map(serverOf)];
    },
    async create(server) {
      if (declaredOf(server.poolId, server.identifier) !== undefined) return false;
      try {
        await records.write(insertResourceServer(queries, rowOf(server)));
        return true;
      } catch (error) {
        if (error instanceof RecordConflict) return false;
        throw error;
      }
    },
    async update(server) {
      refuseDeclared(server.poolId, server.identifier);
      const [written] = await records.write(updateResourceServer(queries, rowOf(server)));
      return written?.rowsAffected === 1;
    },
    async delete(poolId, identifier) {
      refuseDeclared(poolId, identifier);
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
