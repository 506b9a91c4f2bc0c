import type { Actor } from '../runtime/origin.ts';
import { settle, type GroupsOptions } from './changes.ts';
import { groupByName, insertMember } from './group-queries.ts';
import { InvalidGroup, type Groups, type Ownership } from './groups.ts';
import { insertPermission } from './permission-queries.ts';
import { insertHolder, roleByKey } from './role-queries.ts';
import { permissionProblems } from './role-rules.ts';
import { roleInWords, rowKeyOf } from './rows.ts';

/** Groups and roles that an account has from its first moment on. */
export function createBeginnings(options: GroupsOptions): Groups['beginnings'] {
  return async (of) => {
    const problems = await problemsOf(options, of);
    if (problems.length > 0) throw new InvalidGroup(problems.join('; '));
    return {
      statements: (queries, accountId) => [
        ...of.groups.map((name) =>
          insertMember(queries, {
            group_name: name,
            member_kind: 'account',
            member_id: accountId,
            source: 'cli',
          }),
        ),
        ...of.roles.map((key) =>
          insertHolder(queries, {
            api: rowKeyOf(key).api,
            role_name: key.name,
            holder_kind: 'account',
            holder_id: accountId,
            source: 'cli',
          }),
        ),
        ...(of.permissions ?? []).map(({ api, name }) =>
          insertPermission(queries, { account_id: accountId, api, name }),
        ),
      ],
      record: (accountId, actor) => tell(options, of, { accountId, actor }),
    };
  };
}

/** Each that is not there, or whose people the configuration names. */
async function problemsOf(
  { records, declared, resourceServers }: GroupsOptions,
  { groups, roles, permissions = [] }: Ownership,
): Promise<readonly string[]> {
  const { queries } = records;
  const problems: string[] = [];
  for (const name of groups) {
    const isClosed = declared.groups.some((one) => one.name === name && one.people !== undefined);
    if (isClosed) problems.push(`groups: the configuration names the people of ${name}`);
    else if ((await records.first(groupByName(queries, name))) === undefined)
      problems.push(`groups: there is no group ${name}`);
  }
  for (const key of roles) {
    const words = roleInWords(key);
    const isClosed = declared.roles.some(
      ({ name, api, people }) => name === key.name && api === key.api && people !== undefined,
    );
    if (isClosed) problems.push(`roles: the configuration names the people of ${words}`);
    else if ((await records.first(roleByKey(queries, rowKeyOf(key)))) === undefined)
      problems.push(`roles: there is no role ${words}`);
  }
  for (const { api, name } of permissions)
    problems.push(...permissionProblems(resourceServers, api, [name]));
  return problems;
}

async function tell(
  options: GroupsOptions,
  { groups, roles, permissions = [] }: Ownership,
  { accountId, actor }: { readonly accountId: string; readonly actor: Actor },
): Promise<void> {
  for (const group of groups)
    await settle(options, { type: 'group.member_added', group, accountId }, actor);
  for (const { api, name } of roles)
    await settle(options, { type: 'role.given', role: name, api, accountId }, actor);
  for (const { api, name: permission } of permissions)
    await settle(options, { type: 'permission.given', permission, api, accountId }, actor);
}
