import { sql, type Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { RoleHolderTable, RoleTable } from '../storage/tables.ts';
import type { TieRow } from './tie-query.ts';

/** As its table names a role. */
export type RoleRowKey = Pick<RoleTable, 'api' | 'name'>;
/** Of one link of a role to who holds it. */
export type HolderKey = Omit<RoleHolderTable, 'source'>;

export function allRoles(queries: Queries): Compilable<RoleTable> {
  return queries.selectFrom('role').selectAll().orderBy('api').orderBy('name');
}

export function roleByKey(queries: Queries, { api, name }: RoleRowKey): Compilable<RoleTable> {
  return queries.selectFrom('role').selectAll().where('api', '=', api).where('name', '=', name);
}

export function holdersOf(
  queries: Queries,
  { api, name }: RoleRowKey,
): Compilable<RoleHolderTable> {
  return queries
    .selectFrom('role_holder')
    .selectAll()
    .where('api', '=', api)
    .where('role_name', '=', name)
    .orderBy('holder_id');
}

/** Links that the configuration made, and all in lists that it gives. */
export function configuredHolders(
  queries: Queries,
  closed: { readonly people: readonly DeclaredKey[]; readonly groups: readonly DeclaredKey[] },
): Compilable<RoleHolderTable> {
  return queries
    .selectFrom('role_holder')
    .selectAll()
    .where(({ and, or, eb }) => {
      const within = (kind: 'account' | 'group', roles: readonly DeclaredKey[]) =>
        roles.map(({ api = '', name }) =>
          and([eb('holder_kind', '=', kind), eb('api', '=', api), eb('role_name', '=', name)]),
        );
      return or([
        eb('source', '=', 'config'),
        ...within('account', closed.people),
        ...within('group', closed.groups),
      ]);
    });
}

/** As the configuration names a role. */
interface DeclaredKey {
  readonly api?: string | undefined;
  readonly name: string;
}

/** First, that nobody who held a role of this name before comes back with it. */
export function insertRole(queries: Queries, row: RoleTable): readonly Compilable[] {
  return [deleteHolders(queries, row), queries.insertInto('role').values(row)];
}

/** Only while the role permits what it did when it was read. */
export function changeRole(
  queries: Queries,
  { api, name, permissions: seen }: RoleTable,
  { permissions, description }: RoleTable,
): Compilable {
  return queries
    .updateTable('role')
    .set({ permissions, description })
    .where('api', '=', api)
    .where('name', '=', name)
    .where('permissions', '=', seen);
}

/** A role of the configuration, which counts before one that a command made. */
export function putRole(queries: Queries, row: RoleTable): Compilable {
  const { description, permissions, source } = row;
  return queries
    .insertInto('role')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['api', 'name']).doUpdateSet({ description, permissions, source }),
    );
}

/** The statement that removes the role, then the one that takes it from everybody. */
export function deleteRole(queries: Queries, key: RoleRowKey): readonly Compilable[] {
  return [
    queries.deleteFrom('role').where('api', '=', key.api).where('name', '=', key.name),
    deleteHolders(queries, key),
  ];
}

function deleteHolders(queries: Queries, { api, name }: RoleRowKey): Compilable {
  return queries.deleteFrom('role_holder').where('api', '=', api).where('role_name', '=', name);
}

/** Changes nothing when it is there. */
export function insertHolder(queries: Queries, row: RoleHolderTable): Compilable {
  return queries
    .insertInto('role_holder')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['api', 'role_name', 'holder_kind', 'holder_id']).doNothing(),
    );
}

export function deleteHolder(queries: Queries, link: HolderKey): Compilable {
  return queries
    .deleteFrom('role_holder')
    .where('api', '=', link.api)
    .where('role_name', '=', link.role_name)
    .where('holder_kind', '=', link.holder_kind)
    .where('holder_id', '=', link.holder_id);
}

/** Takes all roles that were given in an organization: to one account, or to all. */
export function deleteMembers(
  queries: Queries,
  kind: RoleHolderTable['holder_kind'],
  accountId: string | undefined,
): Compilable {
  const all = queries.deleteFrom('role_holder').where('holder_kind', '=', kind);
  return accountId === undefined ? all : all.where('holder_id', '=', accountId);
}

/** What one account holds in an organization, as ties of it. */
export function memberTies(
  queries: Queries,
  kind: RoleHolderTable['holder_kind'],
  accountId: string,
): Compilable<TieRow> {
  return queries
    .selectFrom('role_holder as holder')
    .innerJoin('role', (join) =>
      join.onRef('role.api', '=', 'holder.api').onRef('role.name', '=', 'holder.role_name'),
    )
    .where('holder.holder_id', '=', accountId)
    .where('holder.holder_kind', '=', kind)
    .select(['holder.holder_id as id', 'role.name as name', 'role.api as api'])
    .select(['role.permissions as permissions', sql.lit('account' as const).as('kind')]);
}
