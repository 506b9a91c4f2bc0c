import type { JsonObject } from '../../runtime/json.ts';
import type { Records } from '../../storage/records.ts';
import type { Auth0OrganizationTable } from '../../storage/tables.ts';
import type { DeclaredOrganizations } from './declared-organizations.ts';
import {
  membershipsOf,
  membersOf,
  organizationNamed,
  organizationsOf,
} from './organization-queries.ts';
import type { TenantOrganization, TenantOrganizations } from './tenant-organizations.ts';

const ID_PREFIX = 'org_';

/** What changes nothing. */
export type OrganizationReader = Pick<
  TenantOrganizations,
  'find' | 'get' | 'isMember' | 'list' | 'listOf' | 'members'
>;

/** `tenant`: its name. */
export function createOrganizationReader({
  records,
  declared,
  tenant,
}: {
  readonly records: Records;
  readonly declared: DeclaredOrganizations;
  readonly tenant: string;
}): OrganizationReader {
  const { queries } = records;

  async function get(named: string): Promise<TenantOrganization | undefined> {
    const key = named.startsWith(ID_PREFIX) ? named : named.toLowerCase();
    const known = declared.find(key);
    if (known !== undefined) return known;
    const row = await records.first(organizationNamed(queries, tenant, key));
    return row && shown(row);
  }

  async function list(): Promise<readonly TenantOrganization[]> {
    const rows = await records.all(organizationsOf(queries, tenant));
    const all = [...declared.list(), ...rows.map(shown)];
    return all.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  async function members(id: string): Promise<readonly string[]> {
    const [ofConfig, rows] = await Promise.all([
      declared.members(id),
      records.all(membersOf(queries, id)),
    ]);
    return [...new Set([...ofConfig, ...rows.map(({ account_id: accountId }) => accountId)])];
  }

  return {
    get,
    list,
    members,
    async find(named) {
      const found = await get(named);
      return found && { id: found.id, claims: { org_id: found.id, org_name: found.name } };
    },
    isMember: async (id, accountId) => (await members(id)).includes(accountId),
    async listOf(accountId) {
      const [rows, ofConfig, all] = await Promise.all([
        records.all(membershipsOf(queries, accountId)),
        declared.listOf(accountId),
        list(),
      ]);
      const ids = new Set([...ofConfig, ...rows.map(({ organization_id: id }) => id)]);
      return all.filter(({ id }) => ids.has(id));
    },
  };
}

function shown(row: Auth0OrganizationTable): TenantOrganization {
  const { id, name, display_name: displayName } = row;
  // JSON that this room wrote.
  const metadata: JsonObject = JSON.parse(row.metadata);
  return { id, name, displayName, metadata, isDeclared: false };
}
