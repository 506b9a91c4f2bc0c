import { z } from 'zod';
import { userSummaries } from './user-view.ts';
import { accountsByUserIds } from './find-user.ts';
import { pageOf, pageOfAll, pageQuery, stretchOf } from './paging.ts';
import { ManagementProblem } from './problem.ts';
import { giveRole } from './role-members.ts';
import { rolePermissionRoutes } from './role-permissions.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { listRoles, roleOf, roleView } from './tenant-roles.ts';

const name = z.string().min(1).max(100);
const description = z.string().max(200);

/** `/roles` */
export function roleRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [
    list(room),
    create(room),
    {
      method: 'get',
      path: '/roles/:id',
      scopes: ['read:roles'],
      run: async (call) => roleView(await roleOf(call, room)),
    },
    update(room),
    remove(room),
    ...rolePermissionRoutes(room),
    listMembers(room),
    addMembers(room),
  ];
}

function list(room: ManagementRoom): ManagementRoute {
  const query = z.object({ ...pageQuery, name_filter: z.string().max(100).default('') });
  return {
    method: 'get',
    path: '/roles',
    scopes: ['read:roles'],
    async run(call) {
      const asked = call.query(query);
      const part = asked.name_filter.toLowerCase();
      const roles = (await listRoles(room)).filter((role) =>
        role.name.toLowerCase().includes(part),
      );
      return pageOfAll('roles', roles.map(roleView), asked);
    },
  };
}

function create(room: ManagementRoom): ManagementRoute {
  const body = z.strictObject({ name, description: description.optional() });
  return {
    method: 'post',
    path: '/roles',
    scopes: ['create:roles'],
    async run(call) {
      const given = await call.body(body);
      const all = await listRoles(room);
      if (all.some((role) => role.name === given.name)) throw roleExists();
      const role = { ...given, api: undefined, permissions: [] };
      const made = await room.groups.roles.create(role, call.actor);
      const now = (await listRoles(room)).find((one) => one.name === made.name);
      return now && roleView(now);
    },
  };
}

/** The id of a role is made of its name, which stays. */
function update(room: ManagementRoom): ManagementRoute {
  const body = z.strictObject({ name: name.optional(), description: description.optional() });
  return {
    method: 'patch',
    path: '/roles/:id',
    scopes: ['update:roles'],
    async run(call) {
      const role = await roleOf(call, room);
      const given = await call.body(body);
      if (given.name !== undefined && given.name !== role.name)
        throw new ManagementProblem(400, {
          message: 'name: a role keeps its name; make another and give it to whoever has this one',
          errorCode: 'operation_not_supported',
        });
      const change = { permit: [], forbid: [], description: given.description };
      for (const part of role.parts) await room.groups.roles.edit(part, change, call.actor);
      return roleView(await roleOf(call, room));
    },
  };
}

function remove(room: ManagementRoom): ManagementRoute {
  return {
    method: 'delete',
    path: '/roles/:id',
    scopes: ['delete:roles'],
    async run(call) {
      const { parts } = await roleOf(call, room);
      for (const part of parts) await room.groups.roles.delete(part, call.actor);
      return undefined;
    },
  };
}

/** Those who have it by themselves; whoever has it by a group is in no list of Auth0's. */
function listMembers(room: ManagementRoom): ManagementRoute {
  return {
    method: 'get',
    path: '/roles/:id/users',
    scopes: ['read:users', 'read:role_members'],
    async run(call) {
      const { parts } = await roleOf(call, room);
      const query = call.query(z.object(pageQuery));
      const found = await Promise.all(parts.map((part) => room.groups.roles.find(part)));
      const ids = [...new Set(found.flatMap((role) => role?.people ?? []))].toSorted();
      const { start, limit } = stretchOf(query);
      const items = await userSummaries(ids.slice(start, start + limit), room);
      return pageOf('users', { items, total: ids.length }, query);
    },
  };
}

function addMembers(room: ManagementRoom): ManagementRoute {
  const body = z.strictObject({ users: z.array(z.string()).min(1).max(100) });
  return {
    method: 'post',
    path: '/roles/:id/users',
    scopes: ['update:roles', 'create:role_members'],
    async run(call) {
      const role = await roleOf(call, room);
      const { users } = await call.body(body);
      for (const { id } of await accountsByUserIds(users, room))
        await giveRole(role, { kind: 'account', id }, call.actor, room);
      return {};
    },
  };
}

function roleExists(): ManagementProblem {
  return new ManagementProblem(409, {
    message: 'A role with the same name already exists.',
    errorCode: 'role_exists',
  });
}
