import type { Actor } from '../../runtime/origin.ts';
import type { OrganizationsOptions } from './create-organizations.ts';
import type { DeclaredOrganizations } from './declared-organizations.ts';
import { deleteMember, insertMember } from './organization-queries.ts';
import { DeclaredOrganization, type TenantOrganizations } from './tenant-organizations.ts';

/** Who comes and who goes. */
export interface Membership extends Pick<TenantOrganizations, 'add' | 'remove'> {
  /** Ends all that applications of the tenant hold of a person: after the membership, so that nothing new is for it. */
  signOut(accountId: string, reason: string, actor: Actor): Promise<void>;
}

/** Of one tenant. */
export function createMembership({
  audit,
  clients,
  declared,
  records,
  groups,
  takeBack,
}: Pick<OrganizationsOptions, 'audit' | 'clients' | 'groups' | 'records' | 'takeBack'> & {
  readonly declared: DeclaredOrganizations;
}): Membership {
  const { queries } = records;

  async function signOut(accountId: string, reason: string, actor: Actor): Promise<void> {
    const all = await clients.list();
    await Promise.all(all.map(({ id }) => takeBack.disconnect(accountId, id, { reason, actor })));
  }

  return {
    signOut,
    async add(id, accountId, actor) {
      await records.write(insertMember(queries, { organization_id: id, account_id: accountId }));
      const event = { type: 'organization.member_added', organization: id, accountId } as const;
      await audit.record({ ...event, ...actor });
    },
    async remove(id, accountId, actor) {
      if ((await declared.members(id)).includes(accountId))
        throw new DeclaredOrganization('the configuration puts the person there');
      // First: whoever comes back later must not find them.
      await groups.roles.forget(id, accountId);
      await records.write(deleteMember(queries, { organization_id: id, account_id: accountId }));
      const event = { type: 'organization.member_removed', organization: id, accountId } as const;
      await audit.record({ ...event, ...actor });
      await signOut(accountId, 'organization_left', actor);
    },
  };
}
