import type { Compilable } from 'kysely';
import type { AuditEvent } from '../audit/audit.ts';
import type { Queries } from '../storage/records.ts';
import type { GroupMemberTable, RoleHolderTable, RoleTable } from '../storage/tables.ts';
import type { DeedOf } from './changes.ts';
import type { GroupRows } from './declared-rows.ts';
import { deleteGroup, deleteMember, insertMember, putGroup } from './group-queries.ts';
import { deleteHolder, deleteRole, insertHolder, putRole } from './role-queries.ts';

/** One thing to be done, and how it is told. */
export interface Change {
  readonly statements: readonly Compilable[];
  /** Undefined: not worth telling, such as other words of a description. */
  readonly deed: DeedOf<AuditEvent> | undefined;
}

/** What makes `kept` agree with `wanted`: what must go first, then what must come. */
export function planGroups(
  wanted: GroupRows,
  kept: GroupRows,
  queries: Queries,
): readonly Change[] {
  const groups = compare(wanted.groups, kept.groups, ({ name }) => name, isSameGroup);
  const roles = compare(wanted.roles, kept.roles, roleKey, isSameRole);
  const members = compare(wanted.members, kept.members, memberKey);
  const holders = compare(wanted.holders, kept.holders, holderKey);
  const goneGroups = groups.gone.filter(({ source }) => source === 'config');
  const goneRoles = roles.gone.filter(({ source }) => source === 'config');
  const knownGroups = new Set(kept.groups.map(({ name }) => name));
  const knownRoles = new Set(kept.roles.map(roleKey));
  return [
    ...members.gone.map((row) =>
      memberChange('group.member_removed', row, deleteMember(queries, row)),
    ),
    ...holders.gone.map((row) => holderChange('role.taken', row, deleteHolder(queries, row))),
    ...goneGroups.map(({ name }): Change => ({
      statements: deleteGroup(queries, name),
      deed: { type: 'group.deleted', group: name },
    })),
    ...goneRoles.map((row): Change => ({
      statements: deleteRole(queries, row),
      deed: { type: 'role.deleted', ...roleTold(row) },
    })),
    ...groups.new.map((row): Change => ({
      statements: [putGroup(queries, row)],
      deed: knownGroups.has(row.name) ? undefined : { type: 'group.created', group: row.name },
    })),
    ...roles.new.map((row): Change => ({
      statements: [putRole(queries, row)],
      deed: {
        type: knownRoles.has(roleKey(row)) ? 'role.updated' : 'role.created',
        ...roleTold(row),
        permissions: JSON.parse(row.permissions),
      },
    })),
    ...members.new.map((row) =>
      memberChange('group.member_added', row, insertMember(queries, row)),
    ),
    ...holders.new.map((row) => holderChange('role.given', row, insertHolder(queries, row))),
  ];
}

interface Difference<Row> {
  /** Kept and not wanted. */
  readonly gone: readonly Row[];
  /** Wanted and not kept, or kept otherwise. */
  readonly new: readonly Row[];
}

function compare<Row>(
  wanted: readonly Row[],
  kept: readonly Row[],
  keyOf: (row: Row) => string,
  isSame: (one: Row, other: Row) => boolean = () => true,
): Difference<Row> {
  const wantedKeys = new Set(wanted.map(keyOf));
  const keptRows = new Map(kept.map((row) => [keyOf(row), row]));
  return {
    gone: kept.filter((row) => !wantedKeys.has(keyOf(row))),
    new: wanted.filter((row) => {
      const other = keptRows.get(keyOf(row));
      return other === undefined || !isSame(row, other);
    }),
  };
}

function isSameGroup(
  one: GroupRows['groups'][number],
  other: GroupRows['groups'][number],
): boolean {
  return one.description === other.description && one.source === other.source;
}

function isSameRole(one: RoleTable, other: RoleTable): boolean {
  const { description, permissions, source } = one;
  return (
    description === other.description &&
    permissions === other.permissions &&
    source === other.source
  );
}

function roleKey({ api, name }: RoleTable): string {
  return JSON.stringify([api, name]);
}

function memberKey(row: GroupMemberTable): string {
  return JSON.stringify([row.group_name, row.member_kind, row.member_id]);
}

function holderKey(row: RoleHolderTable): string {
  return JSON.stringify([row.api, row.role_name, row.holder_kind, row.holder_id]);
}

function roleTold({ api, name }: Pick<RoleTable, 'api' | 'name'>): {
  readonly role: string;
  readonly api: string | undefined;
} {
  return { role: name, api: api === '' ? undefined : api };
}

function memberChange(
  type: 'group.member_added' | 'group.member_removed',
  row: GroupMemberTable,
  statement: Compilable,
): Change {
  const { group_name: group, member_kind: kind, member_id: id } = row;
  const deed = kind === 'account' ? { type, group, accountId: id } : { type, group, member: id };
  return { statements: [statement], deed };
}

function holderChange(
  type: 'role.given' | 'role.taken',
  row: RoleHolderTable,
  statement: Compilable,
): Change {
  const { holder_kind: kind, holder_id: id } = row;
  const told = roleTold({ api: row.api, name: row.role_name });
  const deed = kind === 'account' ? { type, ...told, accountId: id } : { type, ...told, group: id };
  return { statements: [statement], deed };
}
