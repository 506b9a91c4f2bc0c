import { compiledOnce } from '../storage/compiled-once.ts';
import { createBeginnings } from './beginnings.ts';
import type { GroupsOptions } from './changes.ts';
import type { Groups, Held } from './groups.ts';
import { manageGroups } from './manage-groups.ts';
import { managePermissions } from './manage-permissions.ts';
import { manageRoles } from './manage-roles.ts';
import { tiesIn } from './rows.ts';
import { TIES_MAX, tiesOf } from './tie-query.ts';
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

  async function held(accountId: string): Promise<Held> {
    const rows = await records.all(ties(Array<string>(4).fill(accountId)));
    if (rows.length > TIES_MAX)
      logger.warn(
        { event: 'groups.cut', accountId, ties: TIES_MAX },
        'somebody is in more groups, or has more roles, than are told',
      );
    return heldBy(tiesIn(rows.slice(0, TIES_MAX), isDeclared));
  }

  return {
    held,
    rightsOf: async (accountId, of) => (await held(accountId)).rights(of),
    explain: async (accountId, question) => (await held(accountId)).explain(question),
    ...manageGroups(options),
    roles: manageRoles(options),
    permissions: managePermissions(options),
    beginnings: createBeginnings(options),
  };
}
