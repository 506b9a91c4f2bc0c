import { z } from 'zod';
import type { JsonObject } from '../../runtime/json.ts';
import { accountIdOf } from '../subjects.ts';
import { fieldsQuery, pickedFields } from './fields.ts';
import { accountsByUserIds } from './find-user.ts';
import { organizationOf } from './organizations.ts';
import { pageOf, pageOfAll, pageQuery, stretchOf, type PageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { CONNECTION, CONNECTION_ID, userSummaries } from './user-view.ts';

const MEMBERS_MAX = 50;
const membersBody = z.object({
  members: z.array(z.string().max(255)).min(1).max(MEMBERS_MAX),
});

/** `/organizations/:id/members` and `/organizations/:id/enabled_connections`. */
export function organizationMemberRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const { organizations } = room;
  return [
    {
      method: 'get',
      path: '/organizations/:id/members',
      scopes: ['read:organization_members'],
      async run(call) {
        const { id } = await organizationOf(call, room);
        const asked = call.query(z.object({ ...pageQuery, ...fieldsQuery }));
        const all = await userSummaries(await organizations.members(id), room);
        return await membersPage(id, { all, asked }, room);
      },
    },
    {
      method: 'post',
      path: '/organizations/:id/members',
      scopes: ['create:organization_members'],
      async run(call) {
        const { id } = await organizationOf(call, room);
        const { members } = await call.body(membersBody);
        for (const account of await accountsByUserIds(members, room))
          await organizations.add(id, account.id, call.actor);
        return undefined;
      },
    },
    {
      method: 'delete',
      path: '/organizations/:id/members',
      scopes: ['delete:organization_members'],
      async run(call) {
        const { id } = await organizationOf(call, room);
        const { members } = await call.body(membersBody);
        for (const account of await accountsByUserIds(members, room))
          await organizations.remove(id, account.id, call.actor);
        return undefined;
      },
    },
    {
      method: 'get',
      path: '/organizations/:id/enabled_connections',
      scopes: ['read:organization_connections'],
      async run(call) {
        await organizationOf(call, room);
        const only = {
          connection_id: CONNECTION_ID,
          assign_membership_on_login: false,
          show_as_button: true,
          connection: { name: CONNECTION, strategy: 'auth0' },
        };
        return pageOfAll('enabled_connections', [only], call.query(z.object(pageQuery)));
      },
    },
  ];
}

interface MembersAsked extends PageQuery {
  readonly fields?: string | undefined;
  readonly include_fields: boolean;
}

/** Roles are told, with a query for each member of the page, where `fields` names them. */
async function membersPage(
  organization: string,
  { all, asked }: { readonly all: readonly JsonObject[]; readonly asked: MembersAsked },
  room: ManagementRoom,
): Promise<object> {
  const { start, limit } = stretchOf(asked);
  const wantsRoles = asked.include_fields && asked.fields?.split(',').includes('roles') === true;
  const shown = all.slice(start, start + limit).map(async (one): Promise<JsonObject> => {
    if (!wantsRoles) return one;
    const { user_id: userId } = one;
    const id = typeof userId === 'string' ? (accountIdOf(userId) ?? '') : '';
    const roles = await room.organizations.memberRoles.of({ id, organization });
    return { ...one, roles: roles.map(({ id: role, name }) => ({ id: role, name })) };
  });
  const items = (await Promise.all(shown)).map((one) => pickedFields(one, asked));
  return pageOf('members', { items, total: all.length }, asked);
}
