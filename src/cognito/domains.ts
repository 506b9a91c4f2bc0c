import { z } from 'zod';
import { RecordConflict, type Records } from '../storage/records.ts';
import type { CognitoDomainTable } from '../storage/tables.ts';
import {
  deleteDomain,
  domainByName,
  domainsOfPool,
  insertDomain,
  updateDomain,
} from './domain-queries.ts';

const domainSettings = z.strictObject({
  certificate: z.string().optional(),
  loginVersion: z.number(),
});

/** A name of a pool's hosted pages. */
export interface Domain {
  /** A prefix as AWS has them, or a whole host name. */
  readonly name: string;
  readonly kind: 'prefix' | 'custom';
  readonly poolId: string;
  /** What AWS would show for a host name (`CertificateArn`). Kept, and looked at by nobody here. */
  readonly certificate?: string | undefined;
  /** `ManagedLoginVersion`. Kept: pages are ours. */
  readonly loginVersion: number;
}

/** Domains of pools, each one pool's, and of each kind one to a pool. */
export interface Domains {
  find(name: string): Promise<Domain | undefined>;
  ofPool(poolId: string): Promise<readonly Domain[]>;
  /** False: the name is taken, or the pool has one of that kind. */
  create(domain: Domain): Promise<boolean>;
  /** False: the pool has none of that name. */
  update(domain: Domain): Promise<boolean>;
  /** False: the pool has none of that name. */
  delete(domain: Pick<Domain, 'name' | 'poolId'>): Promise<boolean>;
}

export function createDomains({ records }: { readonly records: Records }): Domains {
  const { queries } = records;
  return {
    async find(name) {
      const row = await records.first(domainByName(queries, name));
      return row && domainOf(row);
    },
    ofPool: async (poolId) => (await records.all(domainsOfPool(queries, poolId))).map(domainOf),
    async create(domain) {
      try {
        await records.write(insertDomain(queries, rowOf(domain)));
        return true;
      } catch (error) {
        if (error instanceof RecordConflict) return false;
        throw error;
      }
    },
    async update(domain) {
      const [written] = await records.write(updateDomain(queries, rowOf(domain)));
      return written?.rowsAffected === 1;
    },
    async delete({ name, poolId }) {
      const [written] = await records.write(deleteDomain(queries, name, poolId));
      return written?.rowsAffected === 1;
    },
  };
}

function rowOf({ name, kind, poolId, ...settings }: Domain): CognitoDomainTable {
  return { domain: name, pool_id: poolId, kind, settings: JSON.stringify(settings) };
}

function domainOf({ domain: name, pool_id: poolId, kind, settings }: CognitoDomainTable): Domain {
  return { name, kind, poolId, ...domainSettings.parse(JSON.parse(settings)) };
}
