import type { Compilable } from 'kysely';
import type { Belongings } from '../../accounts/account-deeds.ts';
import type { Queries } from '../../storage/records.ts';
import type { Auth0OrganizationMemberTable, Auth0OrganizationTable } from '../../storage/tables.ts';

export function organizationsOf(
  queries: Queries,
  tenant: string,
): Compilable<Auth0OrganizationTable> {
  return queries
    .selectFrom('auth0_organization')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('name');
}

/** By id or by name. */
export function organizationNamed(
  queries: Queries,
  tenant: string,
  named: string,
): Compilable<Auth0OrganizationTable> {
  return queries
    .selectFrom('auth0_organization')
    .selectAll()
    .where('tenant', '=', tenant)
    .where(({ or, eb }) => or([eb('id', '=', named), eb('name', '=', named)]));
}

export function insertOrganization(queries: Queries, row: Auth0OrganizationTable): Compilable {
  return queries.insertInto('auth0_organization').values(row);
}

export function updateOrganization(
  queries: Queries,
  { id, name, display_name, metadata }: Omit<Auth0OrganizationTable, 'tenant' | 'created_at'>,
): Compilable {
  return queries
    .updateTable('auth0_organization')
    .set({ name, display_name, metadata })
    .where('id', '=', id);
}

/** With all its memberships. */
export function deleteOrganization(queries: Queries, id: string): readonly Compilable[] {
  return [
    queries.deleteFrom('auth0_organization_member').where('organization_id', '=', id),
    queries.deleteFrom('auth0_invitation').where('organization_id', '=', id),
    queries.deleteFrom('auth0_organization').where('id', '=', id),
  ];
}

export function membersOf(
  queries: Queries,
  organizationId: string,
): Compilable<Auth0OrganizationMemberTable> {
  return queries
    .selectFrom('auth0_organization_member')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('account_id');
}

export function membershipsOf(
  queries: Queries,
  accountId: string,
): Compilable<Auth0OrganizationMemberTable> {
  return queries
    .selectFrom('auth0_organization_member')
    .selectAll()
    .where('account_id', '=', accountId);
}

/** Who is in it already stays. */
export function insertMember(queries: Queries, row: Auth0OrganizationMemberTable): Compilable {
  return queries
    .insertInto('auth0_organization_member')
    .values(row)
    .onConflict((conflict) => conflict.doNothing());
}

export function deleteMember(
  queries: Queries,
  { organization_id, account_id }: Auth0OrganizationMemberTable,
): Compilable {
  return queries
    .deleteFrom('auth0_organization_member')
    .where('organization_id', '=', organization_id)
    .where('account_id', '=', account_id);
}

/** Go with the account. */
export const deleteMemberships: Belongings = (queries, accountId) => [
  queries.deleteFrom('auth0_organization_member').where('account_id', '=', accountId),
];
