import { sql, type Compilable, type QueryCreator } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { Tables } from '../storage/tables.ts';

/** One tie: of a role when it has permissions, of a group when not; or to the permission `name` without a role. */
export interface TieRow {
  readonly kind: 'account' | 'group' | 'permission';
  readonly id: string;
  readonly name: string;
  readonly api: string | null;
  readonly permissions: string | null;
}

/** So many ties are read; nobody who is known has a tenth of them. */
export const TIES_MAX = 5000;

const ACCOUNT = sql.lit('account' as const);
const GROUP = sql.lit('group' as const);
/** The kinds of the first rows are those of all. */
const OWN = sql.lit<TieRow['kind']>('account');
const PERMISSION = sql.lit('permission' as const);

/**
 * All that ties one person to groups and roles, each group followed once however they lie in one another. Its
 * parameters are the id of the account, four times. Cross joins are taken from left to right by SQLite, which knows no
 * sizes and would else read every link there is.
 */
export function tiesOf(queries: Queries): Compilable<TieRow> {
  return withReached(queries)
    .selectFrom('role_holder as holder')
    .innerJoin('role', (join) =>
      join.onRef('role.api', '=', 'holder.api').onRef('role.name', '=', 'holder.role_name'),
    )
    .where('holder.holder_kind', '=', ACCOUNT)
    .where('holder.holder_id', '=', '')
    .select([OWN.as('kind'), 'holder.holder_id as id', 'role.name as name'])
    .select(({ cast }) => [
      cast<string | null>('role.api', 'text').as('api'),
      cast<string | null>('role.permissions', 'text').as('permissions'),
    ])
    .unionAll((db) =>
      db
        .selectFrom('reached')
        .crossJoin('role_holder as holder')
        .whereRef('holder.holder_id', '=', 'reached.name')
        .innerJoin('role', (join) =>
          join.onRef('role.api', '=', 'holder.api').onRef('role.name', '=', 'holder.role_name'),
        )
        .where('holder.holder_kind', '=', GROUP)
        .select([GROUP.as('kind'), 'holder.holder_id as id', 'role.name as name'])
        .select(['role.api as api', 'role.permissions as permissions']),
    )
    .unionAll((db) =>
      db
        .selectFrom('group_member as direct')
        .innerJoin('account_group as there', 'there.name', 'direct.group_name')
        .where('direct.member_kind', '=', ACCOUNT)
        .where('direct.member_id', '=', '')
        .select(['direct.member_kind as kind', 'direct.member_id as id', 'there.name as name'])
        .select(({ lit }) => [lit(null).as('api'), lit(null).as('permissions')]),
    )
    .unionAll((db) =>
      db
        .selectFrom('reached')
        .crossJoin('group_member as nested')
        .whereRef('nested.member_id', '=', 'reached.name')
        .innerJoin('account_group as there', 'there.name', 'nested.group_name')
        .where('nested.member_kind', '=', GROUP)
        .select(['nested.member_kind as kind', 'nested.member_id as id', 'there.name as name'])
        .select(({ lit }) => [lit(null).as('api'), lit(null).as('permissions')]),
    )
    .unionAll((db) =>
      db
        .selectFrom('account_permission as permitted')
        .where('permitted.account_id', '=', '')
        .select([PERMISSION.as('kind'), 'permitted.account_id as id', 'permitted.name as name'])
        .select(({ lit }) => ['permitted.api as api', lit(null).as('permissions')]),
    )
    .limit(sql.lit(TIES_MAX + 1));
}

/** `reached`: the groups that the person is in, and those around them. Its parameter is the id of the account. */
function withReached(
  queries: Queries,
): QueryCreator<Tables & { readonly reached: { readonly name: string } }> {
  return queries.withRecursive('reached(name)', (db) =>
    db
      .selectFrom('group_member as direct')
      .innerJoin('account_group as there', 'there.name', 'direct.group_name')
      .where('direct.member_kind', '=', ACCOUNT)
      .where('direct.member_id', '=', '')
      .select('there.name')
      .union(
        db
          .selectFrom('reached')
          .crossJoin('group_member as nested')
          .whereRef('nested.member_id', '=', 'reached.name')
          .innerJoin('account_group as there', 'there.name', 'nested.group_name')
          .where('nested.member_kind', '=', GROUP)
          .select('there.name'),
      ),
  );
}
