import { sql, type Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { AccountGroupTable, GroupMemberTable } from '../storage/tables.ts';
import type { Nesting } from './nesting.ts';

/** Of one link of a group to what is in it. */
export type MemberKey = Omit<GroupMemberTable, 'source'>;

export function allGroups(queries: Queries): Compilable<AccountGroupTable> {
  return queries.selectFrom('account_group').selectAll().orderBy('name');
}

export function groupByName(queries: Queries, name: string): Compilable<AccountGroupTable> {
  return queries.selectFrom('account_group').selectAll().where('name', '=', name);
}

export function membersOf(queries: Queries, name: string): Compilable<GroupMemberTable> {
  return queries
    .selectFrom('group_member')
    .selectAll()
    .where('group_name', '=', name)
    .orderBy('member_id');
}

/** Links that the configuration made, and all in lists that it gives. */
export function configuredMembers(
  queries: Queries,
  closed: {
    readonly people: readonly { readonly name: string }[];
    readonly groups: readonly { readonly name: string }[];
  },
): Compilable<GroupMemberTable> {
  return queries
    .selectFrom('group_member')
    .selectAll()
    .where(({ and, or, eb }) =>
      or([
        eb('source', '=', 'config'),
        ...closed.people.map(({ name }) =>
          and([eb('member_kind', '=', 'account'), eb('group_name', '=', name)]),
        ),
        ...closed.groups.map(({ name }) =>
          and([eb('member_kind', '=', 'group'), eb('group_name', '=', name)]),
        ),
      ]),
    );
}

/** Which groups are in which. */
export function allNestings(queries: Queries): Compilable<Nesting> {
  return queries
    .selectFrom('group_member')
    .select(['member_id as inner', 'group_name as outer'])
    .where('member_kind', '=', 'group');
}

/** First, that nothing which a group of this name left behind comes back with it. */
export function insertGroup(queries: Queries, row: AccountGroupTable): readonly Compilable[] {
  return [...unlinkGroup(queries, row.name), queries.insertInto('account_group').values(row)];
}

/** A group of the configuration, which counts before one that a command made. */
export function putGroup(queries: Queries, row: AccountGroupTable): Compilable {
  const { description, source } = row;
  return queries
    .insertInto('account_group')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ description, source }));
}

/** The statement that removes the group, then those that remove what ties it. */
export function deleteGroup(queries: Queries, name: string): readonly Compilable[] {
  return [
    queries.deleteFrom('account_group').where('name', '=', name),
    ...unlinkGroup(queries, name),
  ];
}

function unlinkGroup(queries: Queries, name: string): readonly Compilable[] {
  return [
    queries.deleteFrom('group_member').where('group_name', '=', name),
    ...unlinkMember(queries, { kind: 'group', id: name }),
  ];
}

/** What must be written when an account is deleted, so that nothing of it stays in groups and roles. */
export function forgetAccount(queries: Queries, accountId: string): readonly Compilable[] {
  return [
    ...unlinkMember(queries, { kind: 'account', id: accountId }),
    // What is left of these is of organizations.
    queries
      .deleteFrom('role_holder')
      .where('holder_id', '=', accountId)
      .where('holder_kind', '!=', 'group'),
    queries.deleteFrom('account_permission').where('account_id', '=', accountId),
  ];
}

function unlinkMember(
  queries: Queries,
  { kind, id }: { readonly kind: 'account' | 'group'; readonly id: string },
): readonly Compilable[] {
  return [
    queries.deleteFrom('group_member').where('member_kind', '=', kind).where('member_id', '=', id),
    queries.deleteFrom('role_holder').where('holder_kind', '=', kind).where('holder_id', '=', id),
  ];
}

/** Changes nothing when it is there. */
export function insertMember(queries: Queries, row: GroupMemberTable): Compilable {
  return queries
    .insertInto('group_member')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['group_name', 'member_kind', 'member_id']).doNothing(),
    );
}

export function deleteMember(queries: Queries, link: MemberKey): Compilable {
  return queries
    .deleteFrom('group_member')
    .where('group_name', '=', link.group_name)
    .where('member_kind', '=', link.member_kind)
    .where('member_id', '=', link.member_id);
}

/** Ids of the accounts in `name`, directly or through the groups in it, each once. */
export function peopleWithin(
  queries: Queries,
  name: string,
  limit: number,
): Compilable<{ readonly id: string }> {
  return queries
    .withRecursive('within(name)', (db) =>
      db
        .selectFrom('account_group')
        .select('account_group.name')
        .where('account_group.name', '=', name)
        .union(
          db
            .selectFrom('within')
            .crossJoin('group_member')
            .whereRef('group_member.group_name', '=', 'within.name')
            .where('group_member.member_kind', '=', sql.lit('group' as const))
            .select('group_member.member_id as name'),
        ),
    )
    .selectFrom('within')
    .crossJoin('group_member')
    .whereRef('group_member.group_name', '=', 'within.name')
    .where('group_member.member_kind', '=', sql.lit('account' as const))
    .select('group_member.member_id as id')
    .distinct()
    .limit(limit);
}
