import type { Clock } from '../runtime/clock.ts';
import type { Records } from '../storage/records.ts';
import type { CognitoGroupTable } from '../storage/tables.ts';
import { deletePoolGroup, poolGroup, poolGroupsOf, putPoolGroup } from './pool-group-queries.ts';

/** What a pool says of a group beside what the installation knows of it. */
export interface PoolGroup {
  readonly description?: string | undefined;
  /** The lower, the earlier. Kept and told. */
  readonly precedence?: number | undefined;
  /** Kept and told: there are no roles of AWS here. */
  readonly roleArn?: string | undefined;
  readonly updatedAt: number;
}

/** Of groups that came by a pool's API. */
export interface PoolGroups {
  /** Undefined: the pool says nothing of it. */
  find(poolId: string, name: string): Promise<PoolGroup | undefined>;
  /** By name. */
  ofPool(poolId: string): Promise<ReadonlyMap<string, PoolGroup>>;
  put(poolId: string, name: string, said: Omit<PoolGroup, 'updatedAt'>): Promise<void>;
  /** In every pool: the group is gone. */
  delete(name: string): Promise<void>;
}

export function createPoolGroups({
  records,
  clock,
}: {
  readonly records: Records;
  readonly clock: Clock;
}): PoolGroups {
  const { queries } = records;
  return {
    async find(poolId, name) {
      const row = await records.first(poolGroup(queries, poolId, name));
      return row && groupOf(row);
    },
    async ofPool(poolId) {
      const rows = await records.all(poolGroupsOf(queries, poolId));
      return new Map(rows.map((row) => [row.name, groupOf(row)]));
    },
    async put(poolId, name, { description, precedence, roleArn }) {
      await records.write(
        putPoolGroup(queries, {
          pool_id: poolId,
          name,
          description: description ?? null,
          precedence: precedence ?? null,
          role_arn: roleArn ?? null,
          updated_at: clock.now(),
        }),
      );
    },
    async delete(name) {
      await records.write(deletePoolGroup(queries, name));
    },
  };
}

function groupOf(row: CognitoGroupTable): PoolGroup {
  return {
    description: row.description ?? undefined,
    precedence: row.precedence ?? undefined,
    roleArn: row.role_arn ?? undefined,
    updatedAt: row.updated_at,
  };
}
