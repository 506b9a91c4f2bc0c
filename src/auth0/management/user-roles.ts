import { z } from 'zod';
import { userOf } from './find-user.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import { giveRole, takeRole } from './role-members.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { listRoles, rolesByIds, roleView, type TenantRole } from './tenant-roles.ts';

const body = z.strictObject({ roles: z.array(z.string()).min(1).max(50) });

/** `/users/{id}/roles` */
export function userRoleRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const path = '/users/:id/roles';
  return [
    {
      method: 'get',
      path,
      scopes: ['read:users', 'read:roles', 'read:role_members'],
      async run(call) {
        const { id } = await userOf(call, room);
        const roles = await rolesHeld(id, room);
        return pageOfAll('roles', roles.map(roleView), call.query(z.object(pageQuery)));
      },
    },
    changeRoles('post', giveRole, room),
    changeRoles('delete', takeRole, room),
  ];
}

function changeRoles(
  method: 'post' | 'delete',
  change: typeof giveRole,
  room: ManagementRoom,
): ManagementRoute {
  return {
    method,
    path: '/users/:id/roles',
    scopes: ['update:users', method === 'post' ? 'create:role_members' : 'delete:role_members'],
    async run(call) {
      const { id } = await userOf(call, room);
      const { roles } = await call.body(body);
      for (const role of await rolesByIds(roles, room))
        await change(role, { kind: 'account', id }, call.actor, room);
      return undefined;
    },
  };
}

/** Of each role the parts that count for the person, whether given or by a group; in an organization those given there. */
export async function rolesHeld(
  accountId: string,
  room: Pick<ManagementRoom, 'groups' | 'resourceServers'>,
  organization?: string,
): Promise<readonly TenantRole[]> {
  const held = (await room.groups.held(accountId, organization)).roles();
  const counts = ({ api, name }: TenantRole['parts'][number]): boolean =>
    held.some((role) => role.api === api && role.name === name);
  return (await listRoles(room)).flatMap((role) => {
    const parts = role.parts.filter(counts);
    return parts.length === 0 ? [] : [{ ...role, parts }];
  });
}
