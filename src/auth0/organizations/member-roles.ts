import type { House } from '../../capability.ts';
import type { Member } from '../../groups/groups.ts';
import type { Actor } from '../../runtime/origin.ts';
import type { TenantApis } from '../apis.ts';
import { giveRole, takeRole } from '../management/role-members.ts';
import { listRoles, type TenantRole } from '../management/tenant-roles.ts';
import { rolesHeld } from '../management/user-roles.ts';
import type { Membership } from './membership.ts';
import type { OrganizationReader } from './read-organizations.ts';

/** Which member, of which organization. */
export type MemberKey = Omit<Member, 'kind'>;

/** Roles that count in the name of an organization, and there alone. */
export interface MemberRoles {
  of(member: MemberKey): Promise<readonly TenantRole[]>;
  /** False: the person is no member. */
  give(member: MemberKey, roles: readonly TenantRole[], actor: Actor): Promise<boolean>;
  /** Gives those that are still there of `ids`. */
  giveByIds(member: MemberKey, ids: readonly string[], actor: Actor): Promise<void>;
  /** Ends what the person holds at the tenant: they sign in anew. False: the person is no member. */
  take(member: MemberKey, roles: readonly TenantRole[], actor: Actor): Promise<boolean>;
}

export function createMemberRoles({
  groups,
  resourceServers,
  reader,
  membership,
}: Pick<House, 'groups'> & {
  /** Those of the tenant. */
  readonly resourceServers: TenantApis;
  readonly reader: Pick<OrganizationReader, 'isMember'>;
  readonly membership: Pick<Membership, 'signOut'>;
}): MemberRoles {
  const rooms = { groups, resourceServers };

  async function give(
    member: MemberKey,
    roles: readonly TenantRole[],
    actor: Actor,
  ): Promise<boolean> {
    const { id, organization } = member;
    if (!(await reader.isMember(organization, id))) return false;
    for (const role of roles) await giveRole(role, { kind: 'member', ...member }, actor, rooms);
    // Whoever was put out while this went on must not find them when they come back.
    if (!(await reader.isMember(organization, id))) await groups.roles.forget(organization, id);
    return true;
  }

  return {
    give,
    of: ({ id, organization }) => rolesHeld(id, rooms, organization),
    async giveByIds(member, ids, actor) {
      if (ids.length === 0) return;
      const all = await listRoles(rooms);
      await give(
        member,
        all.filter(({ id }) => ids.includes(id)),
        actor,
      );
    },
    async take(member, roles, actor) {
      const { id, organization } = member;
      if (!(await reader.isMember(organization, id))) return false;
      for (const role of roles) await takeRole(role, { kind: 'member', ...member }, actor, rooms);
      await membership.signOut(id, 'organization_role_taken', actor);
      return true;
    },
  };
}
