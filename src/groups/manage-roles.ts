import { RecordConflict } from '../storage/records.ts';
import { createRoleEdit } from './edit-role.ts';
import {
  changedElsewhere,
  checkedPermissions,
  declaredRole,
  findRole,
  holdersIn,
} from './role-rules.ts';
import { losersAmong, refuseStranger, settle, type GroupsOptions } from './changes.ts';
import {
  GroupExists,
  InvalidGroup,
  type Holder,
  type Member,
  type RoleKey,
  type Roles,
} from './groups.ts';
import {
  allRoles,
  deleteHolder,
  deleteMembers,
  deleteRole,
  insertHolder,
  insertRole,
  roleByKey,
  type HolderKey,
} from './role-queries.ts';
import { holderColumnsOf, memberKind, roleInWords, roleOf, rowKeyOf } from './rows.ts';

/** What operators do to roles in records. */
export function manageRoles(options: GroupsOptions): Roles {
  const { records, clock } = options;
  const { queries } = records;

  return {
    list: async () => (await records.all(allRoles(queries))).map(roleOf),
    find: (key) => findRole(options, key),

    async create(role, actor) {
      const { api, name, description = '' } = role;
      const permissions = checkedPermissions(options, role);
      if (declaredRole(options, role)) throw new GroupExists(`the configuration declares ${name}`);
      const row = {
        ...rowKeyOf(role),
        description,
        permissions: JSON.stringify(permissions),
        source: 'cli',
        created_at: clock.now(),
      };
      try {
        await records.write(...insertRole(queries, row));
      } catch (error) {
        if (!(error instanceof RecordConflict)) throw error;
        throw new GroupExists(`a role ${roleInWords(role)} exists already`, { cause: error });
      }
      await settle(options, { type: 'role.created', role: name, api, permissions }, actor);
      return roleOf(row);
    },

    edit: createRoleEdit(options),

    async delete(key, actor, { endTokens = false } = {}) {
      if (declaredRole(options, key)) throw changedElsewhere(key);
      const losers = endTokens ? await losersAmong(options, await holdersIn(options, key)) : [];
      const [written] = await records.write(...deleteRole(queries, rowKeyOf(key)));
      if (written?.rowsAffected !== 1) return false;
      await settle(options, { type: 'role.deleted', role: key.name, api: key.api }, actor, losers);
      return true;
    },

    async give(key, holder, actor) {
      refuseClosed(options, key, holder);
      if ((await records.first(roleByKey(queries, rowKeyOf(key)))) === undefined)
        throw new InvalidGroup(`there is no role ${roleInWords(key)}`);
      await refuseStranger(options, holder);
      const link = { ...linkOf(key, holder), source: 'cli' };
      const [written] = await records.write(insertHolder(queries, link));
      if (written?.rowsAffected !== 1) return false;
      await settle(options, { type: 'role.given', ...told(key, holder) }, actor);
      return true;
    },

    async take(key, holder, actor, { endTokens = false } = {}) {
      refuseClosed(options, key, holder);
      const losers = endTokens ? await losersAmong(options, [holder]) : [];
      const [written] = await records.write(deleteHolder(queries, linkOf(key, holder)));
      if (written?.rowsAffected !== 1) return false;
      await settle(options, { type: 'role.taken', ...told(key, holder) }, actor, losers);
      return true;
    },

    async forget(organization, accountId) {
      await records.write(deleteMembers(queries, memberKind(organization), accountId));
    },
  };
}

/** A list of the configuration says who holds a role for themselves; in organizations it says nothing. */
function refuseClosed({ declared }: GroupsOptions, key: RoleKey, holder: Holder | Member): void {
  if (holder.kind === 'member') return;
  const one = declared.roles.find(({ name, api }) => name === key.name && api === key.api);
  if (one?.[holder.kind === 'account' ? 'people' : 'groups'] !== undefined)
    throw changedElsewhere(key);
}

function linkOf(key: RoleKey, holder: Holder | Member): HolderKey {
  const { kind, id } = holderColumnsOf(holder);
  return { api: rowKeyOf(key).api, role_name: key.name, holder_kind: kind, holder_id: id };
}

function told(
  { api, name: role }: RoleKey,
  holder: Holder | Member,
): {
  readonly role: string;
  readonly api: string | undefined;
  readonly accountId?: string;
  readonly group?: string;
  readonly organization?: string;
} {
  switch (holder.kind) {
    case 'account':
      return { role, api, accountId: holder.id };
    case 'member':
      return { role, api, accountId: holder.id, organization: holder.organization };
    case 'group':
      return { role, api, group: holder.name };
  }
}
