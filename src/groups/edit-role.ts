import { losersAmong, settle, type GroupsOptions } from './changes.ts';
import type { RoleTable } from '../storage/tables.ts';
import { InvalidGroup, type Role, type RoleChange, type Roles } from './groups.ts';
import { PERMISSIONS_MAX } from './names.ts';
import { changeRole, roleByKey } from './role-queries.ts';
import { changedElsewhere, checkedPermissions, declaredRole, holdersIn } from './role-rules.ts';
import { roleOf, rowKeyOf } from './rows.ts';

/** Read, then written only if nobody else was faster: whoever loses begins again with what is there by then. */
export function createRoleEdit(options: GroupsOptions): Roles['edit'] {
  const { records } = options;
  const { queries } = records;
  return async (key, change, actor, { endTokens = false } = {}) => {
    if (declaredRole(options, key)) throw changedElsewhere(key);
    checkedPermissions(options, { ...key, permissions: change.permit });
    for (;;) {
      const row = await records.first(roleByKey(queries, rowKeyOf(key)));
      if (row === undefined) return undefined;
      const after = changed(row, change);
      if (isSame(row, after)) return roleOf(row);
      const { permissions } = roleOf(after);
      const losers = endTokens ? await losersBy(options, roleOf(row), permissions) : [];
      const [written] = await records.write(changeRole(queries, row, after));
      if (written?.rowsAffected !== 1) continue;
      const deed = { type: 'role.updated', role: key.name, api: key.api, permissions } as const;
      await settle(options, deed, actor, losers);
      return roleOf(after);
    }
  };
}

/** @throws {InvalidGroup} when it would permit too much. */
function changed(row: RoleTable, { permit, forbid, description }: RoleChange): RoleTable {
  const kept = [...roleOf(row).permissions, ...permit].filter((one) => !forbid.includes(one));
  const next = [...new Set(kept)].toSorted();
  if (next.length > PERMISSIONS_MAX)
    throw new InvalidGroup(`permissions: ${PERMISSIONS_MAX} at most`);
  return {
    ...row,
    permissions: JSON.stringify(next),
    description: description ?? row.description,
  };
}

function isSame(one: RoleTable, other: RoleTable): boolean {
  return one.permissions === other.permissions && one.description === other.description;
}

/** Ids of those who hold the role, where it permits less from now on. */
async function losersBy(
  options: GroupsOptions,
  role: Role,
  permissions: readonly string[],
): Promise<readonly string[]> {
  if (role.permissions.every((one) => permissions.includes(one))) return [];
  return await losersAmong(options, await holdersIn(options, role));
}
