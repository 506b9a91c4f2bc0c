import { z } from 'zod';
import { RecordConflict, type Records } from '../storage/records.ts';
import type { CognitoDomainTable } from '../storage/tables.ts';
import type { CognitoConfig } from './config.ts';
import { kindOfDomain } from './declared-parts.ts';
import { declaredHere } from './exception.ts';
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

/** Domains of pools, declared or made by the API: each one pool's, and of each kind one to a pool. */
export interface Domains {
  find(name: string): Promise<Domain | undefined>;
  ofPool(poolId: string): Promise<readonly Domain[]>;
  /** False: the name is taken, or the pool has one of that kind. */
  create(domain: Domain): Promise<boolean>;
  /** False: the pool has none of that name. @throws {CognitoException} when it is declared. */
  update(domain: Domain): Promise<boolean>;
  /** False: the pool has none of that name. @throws {CognitoException} when it is declared. */
  delete(domain: Pick<Domain, 'name' | 'poolId'>): Promise<boolean>;
}

export function createDomains({
  records,
  settings: { pools },
}: {
  readonly records: Records;
  readonly settings: Pick<CognitoConfig, 'pools'>;
}): Domains {
  const { queries } = records;
  const declared = pools.flatMap(({ id: poolId, domains }) =>
    domains.map(({ name, managedLoginVersion: loginVersion }): Domain => ({
      name,
      kind: kindOfDomain(name),
      poolId,
      loginVersion,
    })),
  );

  function refuseDeclared({ name, poolId }: Pick<Domain, 'name' | 'poolId'>): void {
    if (declared.some((one) => one.name === name && one.poolId === poolId))
      throw declaredHere('domain');
  }

  return {
    async find(name) {
      const known = declared.find((one) => one.name === name);
      if (known !== undefined) return known;
      const row = await records.first(domainByName(queries, name));
      return row && domainOf(row);
    },
    async ofPool(poolId) {
      const own = declared.filter((one) => one.poolId === poolId);
      const made = (await records.all(domainsOfPool(queries, poolId))).map(domainOf);
      return [...own, ...made.filter(({ kind }) => own.every((one) => one.kind !== kind))];
    },
    async create(domain) {
      const isTaken = declared.some(
        ({ name, poolId, kind }) =>
          name === domain.name || (poolId === domain.poolId && kind === domain.kind),
      );
      if (isTaken) return false;
      try {
        await records.write(insertDomain(queries, rowOf(domain)));
        return true;
      } catch (error) {
        if (error instanceof RecordConflict) return false;
        throw error;
      }
    },
    async update(domain) {
      refuseDeclared(domain);
      const [written] = await records.write(updateDomain(queries, rowOf(domain)));
      return written?.rowsAffected === 1;
    },
    async delete({ name, poolId }) {
      refuseDeclared({ name, poolId });
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
