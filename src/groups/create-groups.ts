import { compiledOnce } from '../storage/compiled-once.ts';
import { createBeginnings } from './beginnings.ts';
import type { GroupsOptions } from './changes.ts';
import type { Groups, Held } from './groups.ts';
import { manageGroups } from './manage-groups.ts';
import { managePermissions } from './manage-permissions.ts';
import { manageRoles } from './manage-roles.ts';
import { memberTies } from './role-queries.ts';
import { memberKind, tiesIn as readTies } from './rows.ts';
import { TIES_MAX, tiesOf, type TieRow } from './tie-query.ts';
import { heldBy } from './ties.ts';

/** Groups and roles, kept in records. */
export function createGroups(options: GroupsOptions): Groups {
  const { records, logger, resourceServers } = options;
  const ties = compiledOnce(tiesOf(records.queries));

  function isDeclared(identifier: string | undefined, permission: string): boolean {
    if (identifier === undefined) return true;
    const api = resourceServers.find(identifier);
    return api?.scopes.has(permission) === true || api?.permissions.has(permission) === true;
  }

  async function tiesIn(accountId: string): Promise<readonly TieRow[]> {
    const rows = await records.all(ties(Array<string>(4).fill(accountId)));
    if (rows.length > TIES_MAX)
      logger.warn(
        { event: 'groups.cut', accountId, ties: TIES_MAX },
        'somebody is in more groups, or has more roles, than are told',
      );
    return rows.slice(0, TIES_MAX);
  }

  async function held(accountId: string, organization?: string): Promise<Held> {
    if (organization === undefined) return heldBy(readTies(await tiesIn(accountId), isDeclared));
    const [all, given] = await Promise.all([
      tiesIn(accountId),
      records.all(memberTies(records.queries, memberKind(organization), accountId)),
    ]);
    const groups = all.filter(
      ({ kind, permissions }) => kind !== 'permission' && permissions === null,
    );
    return heldBy(readTies([...groups, ...given], isDeclared));
  }

  return {
    held,
    rightsOf: async (accountId, { organization, ...of }) =>
      (await held(accountId, organization)).rights(of),
    explain: async (accountId, question) => (await held(accountId)).explain(question),
    ...manageGroups(options),
    roles: manageRoles(options),
    permissions: managePermissions(options),
    beginnings: createBeginnings(options),
  };
}
