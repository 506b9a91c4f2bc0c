import type { House } from '../../capability.ts';
import type { Clients } from '../../clients/clients.ts';
import { randomId } from '../../runtime/random.ts';
import { RecordConflict } from '../../storage/records.ts';
import type { Auth0OrganizationTable } from '../../storage/tables.ts';
import type { TenantApis } from '../apis.ts';
import type { TenantConfig } from '../config.ts';
import { createDeclaredOrganizations } from './declared-organizations.ts';
import { createInvitations } from './invitations.ts';
import { createMemberRoles } from './member-roles.ts';
import { createMembership, type Membership } from './membership.ts';
import {
  deleteOrganization,
  insertOrganization,
  updateOrganization,
} from './organization-queries.ts';
import { createOrganizationReader } from './read-organizations.ts';
import {
  DeclaredOrganization,
  OrganizationExists,
  type OrganizationChanges,
  type TenantOrganization,
  type TenantOrganizations,
} from './tenant-organizations.ts';
import { createUsage } from './usage.ts';

const ID_LENGTH = 16;
const ID_BYTES = 32;

/** What organizations of one tenant are made with. */
export interface OrganizationsOptions extends Pick<
  House,
  'accounts' | 'audit' | 'clock' | 'groups' | 'records' | 'takeBack'
> {
  /** Those of the tenant. */
  readonly resourceServers: TenantApis;
  readonly tenant: Pick<TenantConfig, 'clients' | 'name' | 'organizations'>;
  /** Those of the tenant. */
  readonly clients: Pick<Clients, 'find' | 'list'>;
}

/** Over the configuration and the records. */
export function createOrganizations(options: OrganizationsOptions): TenantOrganizations {
  const { records, tenant } = options;
  const declared = createDeclaredOrganizations(tenant, options.accounts);
  const reader = createOrganizationReader({ records, declared, tenant: tenant.name });
  const membership = createMembership({ ...options, declared });
  const memberRoles = createMemberRoles({ ...options, reader, membership });
  const invitations = createInvitations({ ...options, membership, memberRoles });
  return {
    ...reader,
    ...membership,
    memberRoles,
    invitations,
    accept: invitations.accept,
    ...createChanges({ ...options, reader, membership }),
    usageOf: createUsage(tenant, options.clients),
  };
}

type Changes = Pick<TenantOrganizations, 'create' | 'update' | 'delete'>;

function createChanges({
  records,
  audit,
  clock,
  tenant: { name: tenant },
  groups,
  reader,
  membership,
}: OrganizationsOptions & {
  readonly reader: ReturnType<typeof createOrganizationReader>;
  readonly membership: Membership;
}): Changes {
  const { queries } = records;

  /** Undefined: there is none. @throws {DeclaredOrganization} */
  async function changeable(id: string): Promise<TenantOrganization | undefined> {
    const found = await reader.get(id);
    if (found?.isDeclared === true)
      throw new DeclaredOrganization(`${found.name} is declared in the configuration`);
    return found?.id === id ? found : undefined;
  }

  async function write(row: Auth0OrganizationTable, how: 'insert' | 'update'): Promise<void> {
    const statementOf = how === 'insert' ? insertOrganization : updateOrganization;
    if ((await reader.get(row.name))?.isDeclared === true) throw taken(row.name);
    try {
      await records.write(statementOf(queries, row));
    } catch (error) {
      if (error instanceof RecordConflict) throw taken(row.name, error);
      throw error;
    }
  }

  return {
    async create({ name, ...rest }, actor) {
      const empty = { id: newId(), name, displayName: name, metadata: {}, isDeclared: false };
      const made = changed(empty, rest);
      await write(rowOf(made, { tenant, created_at: clock.now() }), 'insert');
      await audit.record({ type: 'organization.created', organization: made.id, ...actor });
      return made;
    },
    async update(id, changes, actor) {
      const before = await changeable(id);
      if (before === undefined) return undefined;
      const after = changed(before, changes);
      // When it was made is not changed by that.
      await write(rowOf(after, { tenant, created_at: 0 }), 'update');
      await audit.record({ type: 'organization.updated', organization: id, ...actor });
      return after;
    },
    async delete(id, actor) {
      if ((await changeable(id)) === undefined) return false;
      const left = await reader.members(id);
      await groups.roles.forget(id);
      await records.write(...deleteOrganization(queries, id));
      await audit.record({ type: 'organization.deleted', organization: id, ...actor });
      for (const accountId of left)
        await membership.signOut(accountId, 'organization_deleted', actor);
      return true;
    },
  };
}

function newId(): string {
  return `org_${randomId(ID_BYTES, 'organization').replaceAll(/[_-]/g, '').slice(0, ID_LENGTH)}`;
}

function rowOf(
  { id, name, displayName, metadata }: TenantOrganization,
  fixed: Pick<Auth0OrganizationTable, 'tenant' | 'created_at'>,
): Auth0OrganizationTable {
  return { ...fixed, id, name, display_name: displayName, metadata: JSON.stringify(metadata) };
}

function changed(
  before: TenantOrganization,
  { name, displayName, metadata }: OrganizationChanges,
): TenantOrganization {
  return {
    ...before,
    name: name ?? before.name,
    displayName: displayName ?? before.displayName,
    metadata: metadata ?? before.metadata,
  };
}

function taken(name: string, cause?: Error): OrganizationExists {
  return new OrganizationExists(`an organization has the name ${name}`, { cause });
}
