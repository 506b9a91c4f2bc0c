import { z } from 'zod';
import type { PermissionKey } from '../../groups/groups.ts';
import type { Call } from './call.ts';
import { userOf } from './find-user.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import {
  permissionsBody,
  permissionsOf,
  refuseForeign,
  type PermissionView,
} from './role-permissions.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import type { TenantRole } from './tenant-roles.ts';
import { rolesHeld } from './user-roles.ts';

type Rooms = Pick<ManagementRoom, 'groups' | 'resourceServers'>;

/** `/users/{id}/permissions`: those that come by roles are told, and given and taken by roles. */
export function userPermissionRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const path = '/users/:id/permissions';
  const { permissions } = room.groups;
  return [
    {
      method: 'get',
      path,
      scopes: ['read:users'],
      async run(call) {
        const { id } = await userOf(call, room);
        const sourced = [...(await byRoles(id, room)), ...(await withoutRole(id, room))];
        return pageOfAll('permissions', joined(sourced), call.query(z.object(pageQuery)));
      },
    },
    {
      method: 'post',
      path,
      scopes: ['update:users'],
      status: 201,
      async run(call) {
        const { id } = await userOf(call, room);
        const wanted = await namedIn(call);
        refuseForeign(
          wanted.map(({ api }) => api),
          room,
        );
        await permissions.give(wanted, id, call.actor);
        return {};
      },
    },
    {
      method: 'delete',
      path,
      scopes: ['update:users'],
      async run(call) {
        const { id } = await userOf(call, room);
        const ours = (await namedIn(call)).filter(({ api }) => room.resourceServers.find(api));
        await permissions.take(ours, id, call.actor);
        return undefined;
      },
    },
  ];
}

async function namedIn(call: Pick<Call, 'body'>): Promise<readonly PermissionKey[]> {
  const { permissions } = await call.body(permissionsBody);
  return permissions.map(({ resource_server_identifier: api, permission_name: name }) => ({
    api,
    name,
  }));
}

/** A permission, and by what the person has it. */
interface Sourced {
  readonly permission: PermissionView;
  readonly source: object;
}

async function byRoles(accountId: string, room: Rooms): Promise<readonly Sourced[]> {
  return (await rolesHeld(accountId, room)).flatMap((role) =>
    role.parts
      .flatMap((part) => permissionsOf(part, room))
      .map((permission) => ({ permission, source: sourceOf(role) })),
  );
}

async function withoutRole(accountId: string, room: Rooms): Promise<readonly Sourced[]> {
  const { permissions = [] } = (await room.groups.held(accountId)).direct();
  const source = { source_id: '', source_name: '', source_type: 'DIRECT' };
  return permissions.flatMap(({ api, name }) =>
    permissionsOf({ api, permissions: [name] }, room).map((permission) => ({ permission, source })),
  );
}

/** Each once, with all its sources. */
function joined(sourced: readonly Sourced[]): readonly object[] {
  const groups = Map.groupBy(sourced, ({ permission }) =>
    JSON.stringify([permission.resource_server_identifier, permission.permission_name]),
  );
  return [...groups.values()].map((same) => ({
    ...same[0]?.permission,
    sources: same.map(({ source }) => source),
  }));
}

function sourceOf({ id, name }: TenantRole): object {
  return { source_id: id, source_name: name, source_type: 'ROLE' };
}
