import type { GroupsOptions } from './changes.ts';
import {
  DeclaredGroup,
  InvalidGroup,
  type Holder,
  type Member,
  type Role,
  type RoleHolders,
  type RoleKey,
} from './groups.ts';
import {
  isPermission,
  isRoleName,
  PERMISSION_RULE,
  PERMISSIONS_MAX,
  ROLE_NAME_RULE,
} from './names.ts';
import { holdersOf, roleByKey } from './role-queries.ts';
import { memberIn, roleInWords, roleOf, rowKeyOf } from './rows.ts';

/** The role with all that hold it directly; undefined: there is none. */
export async function findRole(
  { records }: GroupsOptions,
  key: RoleKey,
): Promise<RoleHolders | undefined> {
  const { queries } = records;
  const row = await records.first(roleByKey(queries, rowKeyOf(key)));
  if (row === undefined) return undefined;
  const holders = await records.all(holdersOf(queries, rowKeyOf(key)));
  const ids = (kind: 'account' | 'group'): readonly string[] =>
    holders.filter((one) => one.holder_kind === kind).map((one) => one.holder_id);
  return {
    role: roleOf(row),
    groups: ids('group'),
    people: ids('account'),
    members: holders.flatMap((one) => memberIn(one) ?? []),
  };
}

/** All that hold the role directly. */
export async function holdersIn(
  options: GroupsOptions,
  key: RoleKey,
): Promise<readonly (Holder | Member)[]> {
  const { groups = [], people = [], members = [] } = (await findRole(options, key)) ?? {};
  return [
    ...members,
    ...groups.map((name) => ({ kind: 'group', name }) as const),
    ...people.map((id) => ({ kind: 'account', id }) as const),
  ];
}

/** Each once, sorted. @throws {InvalidGroup} with every mistake. */
export function checkedPermissions(
  { resourceServers }: GroupsOptions,
  { api, name, permissions }: Pick<Role, 'api' | 'name' | 'permissions'>,
): readonly string[] {
  const problems = [
    ...(isRoleName(name) ? [] : [`name: ${ROLE_NAME_RULE}`]),
    ...(permissions.length > PERMISSIONS_MAX ? [`permissions: ${PERMISSIONS_MAX} at most`] : []),
    ...permissionProblems(resourceServers, api, permissions),
  ];
  if (problems.length > 0) throw new InvalidGroup(problems.join('; '));
  return [...new Set(permissions)].toSorted();
}

/** What keeps `permissions` from being given at an API, or (undefined) by the installation. */
export function permissionProblems(
  resourceServers: GroupsOptions['resourceServers'],
  api: string | undefined,
  permissions: readonly string[],
): readonly string[] {
  const server = api === undefined ? undefined : resourceServers.find(api);
  const isKnown = (one: string): boolean =>
    server === undefined || server.scopes.has(one) || server.permissions.has(one);
  return [
    ...(api !== undefined && server === undefined ? [`api: no API has the identifier ${api}`] : []),
    ...permissions
      .filter((one) => !isPermission(one))
      .map((one) => `permissions: ${one}: ${PERMISSION_RULE}`),
    ...permissions
      .filter((one) => !isKnown(one))
      .map((one) => `permissions: ${one} is no scope and no permission of ${api ?? ''}`),
  ];
}

/** Whether the configuration has the role. */
export function declaredRole({ declared }: GroupsOptions, { api, name }: RoleKey): boolean {
  return declared.roles.some((one) => one.name === name && one.api === api);
}

/** A role of the configuration is not for commands to change. */
export function changedElsewhere(key: RoleKey): DeclaredGroup {
  return new DeclaredGroup(
    `the configuration declares the role ${roleInWords(key)}: change it there`,
  );
}
