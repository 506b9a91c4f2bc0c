import type {
  AccountGroupTable,
  GroupMemberTable,
  RoleHolderTable,
  RoleTable,
} from '../storage/tables.ts';
import { rowKeyOf } from './rows.ts';
import type { SeedGroupsOptions } from './seed-groups.ts';

/** Rows of groups and roles, with what ties them. */
export interface GroupRows {
  readonly groups: readonly AccountGroupTable[];
  readonly members: readonly GroupMemberTable[];
  readonly roles: readonly RoleTable[];
  readonly holders: readonly RoleHolderTable[];
}

const source = 'config';

/** What the configuration wants records to hold. Somebody whom nobody knows yet is left out and told of. */
export async function readDeclared(options: SeedGroupsOptions): Promise<GroupRows> {
  const { declared, clock } = options;
  const created_at = clock.now();
  const ids = await accountsNamed(options);
  const holdersOf = (lists: {
    readonly groups?: readonly string[] | undefined;
    readonly people?: readonly string[] | undefined;
  }): readonly { readonly kind: 'account' | 'group'; readonly id: string }[] => [
    ...(lists.groups ?? []).map((id) => ({ kind: 'group', id }) as const),
    ...(lists.people ?? []).flatMap((who) => {
      const id = ids.get(who);
      return id === undefined ? [] : [{ kind: 'account', id } as const];
    }),
  ];
  return {
    groups: declared.groups.map(({ name, description = '' }) => ({
      name,
      description,
      source,
      created_at,
    })),
    members: declared.groups.flatMap((one) =>
      holdersOf(one).map(({ kind, id }) => ({
        group_name: one.name,
        member_kind: kind,
        member_id: id,
        source,
      })),
    ),
    roles: declared.roles.map((one) => ({
      ...rowKeyOf({ api: one.api, name: one.name }),
      description: one.description ?? '',
      permissions: JSON.stringify([...new Set(one.permissions)].toSorted()),
      source,
      created_at,
    })),
    holders: declared.roles.flatMap((one) =>
      holdersOf(one).map(({ kind, id }) => ({
        api: one.api ?? '',
        role_name: one.name,
        holder_kind: kind,
        holder_id: id,
        source,
      })),
    ),
  };
}

/** The ids of all whom the configuration names in groups and roles. */
async function accountsNamed({
  declared,
  accounts,
  logger,
}: SeedGroupsOptions): Promise<ReadonlyMap<string, string>> {
  const names = new Set(
    [...declared.groups, ...declared.roles].flatMap(({ people = [] }) => people),
  );
  const ids = new Map<string, string>();
  for (const name of names) {
    const account = (await accounts.find(name)) ?? (await accounts.findByLogin(name));
    if (account !== undefined) ids.set(name, account.id);
    else
      logger.warn(
        { event: 'groups.person_unknown', person: name },
        'the configuration names somebody in a group or a role who is not there',
      );
  }
  return ids;
}
