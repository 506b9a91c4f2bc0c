import { z } from 'zod';
import { DeclaredGroup, InvalidGroup, type Role } from '../../groups/groups.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import { addPart } from './role-members.ts';
import { roleOf, type TenantRole } from './tenant-roles.ts';

/** Permissions at APIs, as bodies name them. */
export const permissionsBody = z.strictObject({
  permissions: z
    .array(z.strictObject({ resource_server_identifier: z.string(), permission_name: z.string() }))
    .min(1)
    .max(500),
});

/** `/roles/{id}/permissions` */
export function rolePermissionRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const path = '/roles/:id/permissions';
  return [
    {
      method: 'get',
      path,
      scopes: ['read:roles'],
      async run(call) {
        const { parts } = await roleOf(call, room);
        const all = parts.flatMap((part) => permissionsOf(part, room));
        return pageOfAll('permissions', all, call.query(z.object(pageQuery)));
      },
    },
    {
      method: 'post',
      path,
      scopes: ['update:roles'],
      status: 201,
      async run(call) {
        const role = await roleOf(call, room);
        for (const [api, names] of byApi(await call.body(permissionsBody)))
          await permit(role, { api, permissions: names }, call.actor, room);
        return {};
      },
    },
    {
      method: 'delete',
      path,
      scopes: ['update:roles'],
      async run(call) {
        const { parts, name } = await roleOf(call, room);
        for (const [api, forbid] of byApi(await call.body(permissionsBody)))
          if (parts.some((part) => part.api === api))
            await room.groups.roles.edit({ api, name }, { permit: [], forbid }, call.actor);
        return undefined;
      },
    },
  ];
}

/** What one of our roles permits, as Auth0 writes it. Those of the installation are at no API. */
export function permissionsOf(
  { api, permissions }: Pick<Role, 'api' | 'permissions'>,
  { resourceServers }: Pick<ManagementRoom, 'resourceServers'>,
): readonly PermissionView[] {
  const server = api === undefined ? undefined : resourceServers.find(api);
  if (server === undefined) return [];
  return permissions.map((name) => ({
    permission_name: name,
    description: server.scopes.get(name) ?? server.permissions.get(name) ?? '',
    resource_server_identifier: server.identifier,
    resource_server_name: server.name,
  }));
}

/** A permission at an API. */
export interface PermissionView {
  readonly permission_name: string;
  readonly description: string;
  readonly resource_server_identifier: string;
  readonly resource_server_name: string;
}

/** APIs of other tenants are not this one's to give. @throws {InvalidGroup} */
export function refuseForeign(
  apis: readonly string[],
  { resourceServers }: Pick<ManagementRoom, 'resourceServers'>,
): void {
  const foreign = apis.find((api) => resourceServers.find(api) === undefined);
  if (foreign !== undefined)
    throw new InvalidGroup(`api: no API of the tenant has the identifier ${foreign}`);
}

function byApi({
  permissions,
}: z.output<typeof permissionsBody>): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(permissions, (one) => one.resource_server_identifier);
  return new Map(
    [...groups].map(([api, all]) => [api, all.map(({ permission_name: name }) => name)]),
  );
}

async function permit(
  role: TenantRole,
  wanted: { readonly api: string; readonly permissions: readonly string[] },
  actor: Parameters<typeof addPart>[2],
  room: ManagementRoom,
): Promise<void> {
  const { api, permissions } = wanted;
  refuseForeign([api], room);
  if (role.parts.some((part) => part.api === api)) {
    const change = { permit: permissions, forbid: [] };
    await room.groups.roles.edit({ api, name: role.name }, change, actor);
    return;
  }
  if (role.parts.some(({ source }) => source === 'config'))
    throw new DeclaredGroup(`the configuration declares the role ${role.name}: change it there`);
  await addPart(role, wanted, actor, room);
}
