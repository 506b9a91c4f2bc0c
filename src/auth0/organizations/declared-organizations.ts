import type { Accounts } from '../../accounts/accounts.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { TenantConfig } from '../config.ts';
import type { TenantOrganization } from './tenant-organizations.ts';

const ID_LENGTH = 16;

/** Organizations of the configuration. */
export interface DeclaredOrganizations {
  list(): readonly TenantOrganization[];
  find(named: string): TenantOrganization | undefined;
  /** Ids of accounts that the configuration puts there: of those logins that are somebody's. */
  members(id: string): Promise<readonly string[]>;
  /** Ids of the organizations that it puts a person into. */
  listOf(accountId: string): Promise<readonly string[]>;
}

/** They are there for as long as they are declared. */
export function createDeclaredOrganizations(
  { name: tenant, organizations }: Pick<TenantConfig, 'name' | 'organizations'>,
  accounts: Pick<Accounts, 'findByLogin'>,
): DeclaredOrganizations {
  const all = organizations.map(({ id, name, displayName = name, members: logins }) => ({
    logins,
    shown: {
      id: id ?? `org_${idOf(tenant, name)}`,
      name,
      displayName,
      metadata: {},
      isDeclared: true,
    },
  }));
  async function members(id: string): Promise<readonly string[]> {
    const logins = all.find(({ shown }) => shown.id === id)?.logins ?? [];
    const found = await Promise.all(logins.map((login) => accounts.findByLogin(login)));
    return found.flatMap((account) => (account === undefined ? [] : [account.id]));
  }

  return {
    members,
    list: () => all.map(({ shown }) => shown),
    find: (named) => all.find(({ shown: { id, name } }) => id === named || name === named)?.shown,
    async listOf(accountId) {
      const isIn = await Promise.all(
        all.map(async ({ shown: { id } }) => (await members(id)).includes(accountId)),
      );
      return all.flatMap(({ shown: { id } }, place) => (isIn[place] === true ? [id] : []));
    },
  };
}

/** The same on every node, and for as long as both names stay. */
function idOf(tenant: string, name: string): string {
  return Buffer.from(sha256(`${tenant} ${name}`), 'base64url')
    .toString('hex')
    .slice(0, ID_LENGTH);
}
