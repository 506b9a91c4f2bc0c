import type { AccountGroupTable, RoleHolderTable, RoleTable } from '../storage/tables.ts';
import type { Group, Holder, Member, Role, RoleKey } from './groups.ts';
import type { RoleRowKey } from './role-queries.ts';
import type { TieRow } from './tie-query.ts';
import type { Given, Ties } from './ties.ts';

const MEMBER = 'member:';

/** How the tables name who is in a group, or holds a role. */
export interface HolderColumns {
  readonly kind: 'account' | 'group';
  readonly id: string;
}

export function columnsOf(holder: Holder): HolderColumns {
  return { kind: holder.kind, id: holder.kind === 'account' ? holder.id : holder.name };
}

/** The same of whoever holds a role. */
export function holderColumnsOf(holder: Holder | Member): {
  readonly kind: RoleHolderTable['holder_kind'];
  readonly id: string;
} {
  if (holder.kind !== 'member') return columnsOf(holder);
  return { kind: memberKind(holder.organization), id: holder.id };
}

/** How the table names those who hold a role in `organization`. */
export function memberKind(organization: string): `member:${string}` {
  return `${MEMBER}${organization}`;
}

/** Undefined: the row is of another kind. */
export function memberIn({
  holder_kind: kind,
  holder_id: id,
}: RoleHolderTable): Member | undefined {
  if (!kind.startsWith(MEMBER)) return undefined;
  return { kind: 'member', id, organization: kind.slice(MEMBER.length) };
}

/** A role for operators to read. */
export function roleInWords({ api, name }: RoleKey): string {
  return api === undefined ? name : `${name} of ${api}`;
}

/** The installation's own roles have the empty name for an API. */
export function rowKeyOf({ api, name }: RoleKey): RoleRowKey {
  return { api: api ?? '', name };
}

export function groupOf({
  name,
  description,
  source,
  created_at: createdAt,
}: AccountGroupTable): Group {
  return {
    name,
    description: description === '' ? undefined : description,
    source: sourceOf(source),
    createdAt,
  };
}

export function roleOf(row: RoleTable): Role {
  return {
    api: apiOf(row.api),
    name: row.name,
    description: row.description === '' ? undefined : row.description,
    permissions: permissionsIn(row.permissions),
    source: sourceOf(row.source),
    createdAt: row.created_at,
  };
}

/** What the rows of one person say; a permission that the API no longer declares is left out. */
export function tiesIn(
  rows: readonly TieRow[],
  isDeclared: (api: string | undefined, permission: string) => boolean,
): Ties {
  const from = ({ kind, id }: TieRow): string | undefined => (kind === 'group' ? id : undefined);
  return {
    memberships: rows
      .filter(({ kind, permissions }) => kind !== 'permission' && permissions === null)
      .map((row) => ({ of: from(row), group: row.name })),
    permitted: rows
      .filter(({ kind }) => kind === 'permission')
      .map(({ api, name }) => ({ api: api ?? '', name }))
      .filter(({ api, name }) => isDeclared(api, name)),
    given: rows.flatMap((row): readonly Given[] => {
      if (row.permissions === null) return [];
      const api = apiOf(row.api ?? '');
      const permissions = permissionsIn(row.permissions).filter((one) => isDeclared(api, one));
      return [{ to: from(row), role: { api, name: row.name }, permissions }];
    }),
  };
}

function apiOf(column: string): string | undefined {
  return column === '' ? undefined : column;
}

function sourceOf(column: string): 'config' | 'cli' {
  return column === 'config' ? 'config' : 'cli';
}

/** The JSON that this room wrote. */
function permissionsIn(text: string): readonly string[] {
  const permissions: readonly string[] = JSON.parse(text);
  return permissions;
}
