import type { Compilable } from 'kysely';
import type { Queries } from '../../storage/records.ts';
import type { Auth0InvitationTable } from '../../storage/tables.ts';

/** Those that are good at `now`, the newest first. */
export function invitationsTo(
  queries: Queries,
  organizationId: string,
  now: number,
): Compilable<Auth0InvitationTable> {
  return queries
    .selectFrom('auth0_invitation')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .orderBy('id');
}

/** With the end of those of the organization that nobody came for in time. */
export function insertInvitation(
  queries: Queries,
  row: Auth0InvitationTable,
): readonly Compilable[] {
  return [
    queries
      .deleteFrom('auth0_invitation')
      .where('organization_id', '=', row.organization_id)
      .where('expires_at', '<=', row.created_at),
    queries.insertInto('auth0_invitation').values(row),
  ];
}

export function deleteInvitation(
  queries: Queries,
  { organization_id, id }: Pick<Auth0InvitationTable, 'organization_id' | 'id'>,
): Compilable {
  return queries
    .deleteFrom('auth0_invitation')
    .where('organization_id', '=', organization_id)
    .where('id', '=', id);
}
