import { z } from 'zod';
import type { MemberKey, MemberRoles } from '../organizations/member-roles.ts';
import { accountIdOf } from '../subjects.ts';
import type { Call } from './call.ts';
import { notFound } from './declared.ts';
import { exactly } from './exactly.ts';
import { organizationOf } from './organizations.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { rolesByIds, roleView } from './tenant-roles.ts';

const ROLES_MAX = 50;
const PATH = '/organizations/:id/members/:member/roles';
const body = exactly({ roles: z.array(z.string().max(100)).min(1).max(ROLES_MAX) });

/** `/organizations/{id}/members/{user_id}/roles`: those that count in the name of the organization. */
export function organizationMemberRoleRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const { memberRoles, isMember } = room.organizations;
  return [
    {
      method: 'get',
      path: PATH,
      scopes: ['read:organization_member_roles'],
      async run(call) {
        const member = await memberOf(call, room);
        if (!(await isMember(member.organization, member.id))) noMember();
        const roles = await memberRoles.of(member);
        return pageOfAll('roles', roles.map(roleView), call.query(z.object(pageQuery)));
      },
    },
    changing('post', 'create:organization_member_roles', memberRoles.give, room),
    changing('delete', 'delete:organization_member_roles', memberRoles.take, room),
  ];
}

function changing(
  method: 'post' | 'delete',
  scope: string,
  change: MemberRoles['give'],
  room: ManagementRoom,
): ManagementRoute {
  return {
    method,
    path: PATH,
    scopes: [scope],
    async run(call) {
      const member = await memberOf(call, room);
      const roles = await rolesByIds((await call.body(body)).roles, room);
      return (await change(member, roles, call.actor)) ? undefined : noMember();
    },
  };
}

async function memberOf(call: Call, room: ManagementRoom): Promise<MemberKey> {
  const { id: organization } = await organizationOf(call, room);
  return { id: accountIdOf(call.param('member')) ?? '', organization };
}

function noMember(): never {
  return notFound('The user is no member of the organization.', 'inexistent_organization_member');
}
