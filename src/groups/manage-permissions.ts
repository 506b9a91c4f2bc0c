import type { Compilable } from 'kysely';
import type { Actor } from '../runtime/origin.ts';
import type { AccountPermissionTable } from '../storage/tables.ts';
import { refuseStranger, settle, type GroupsOptions } from './changes.ts';
import { InvalidGroup, type PermissionKey, type Permissions } from './groups.ts';
import { deletePermission, deletePermissionsAt, insertPermission } from './permission-queries.ts';
import { permissionProblems } from './role-rules.ts';

/** What operators do to permissions of people in records. */
export function managePermissions(options: GroupsOptions): Permissions {
  const { records, resourceServers } = options;
  const { queries } = records;

  async function change(
    how: 'given' | 'taken',
    { permissions, accountId, actor }: Change,
    statementOf: (row: AccountPermissionTable) => Compilable,
  ): Promise<void> {
    if (permissions.length === 0) return;
    const rows = permissions.map(({ api, name }) => ({ account_id: accountId, api, name }));
    const written = await records.write(...rows.map(statementOf));
    const changed = permissions.filter((_, index) => written[index]?.rowsAffected === 1);
    for (const { api, name: permission } of changed)
      await settle(options, { type: `permission.${how}`, permission, api, accountId }, actor);
  }

  return {
    async give(permissions, accountId, actor) {
      const problems = permissions.flatMap(({ api, name }) =>
        permissionProblems(resourceServers, api, [name]),
      );
      if (problems.length > 0) throw new InvalidGroup(problems.join('; '));
      await refuseStranger(options, { kind: 'account', id: accountId });
      await change('given', { permissions, accountId, actor }, (row) =>
        insertPermission(queries, row),
      );
    },
    async take(permissions, accountId, actor) {
      await change('taken', { permissions, accountId, actor }, (row) =>
        deletePermission(queries, row),
      );
    },
    async forget(api) {
      await records.write(deletePermissionsAt(queries, api));
    },
  };
}

interface Change {
  readonly permissions: readonly PermissionKey[];
  readonly accountId: string;
  readonly actor: Actor;
}
