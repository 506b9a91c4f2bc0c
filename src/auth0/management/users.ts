import { z } from 'zod';
import { accountIdOf } from '../subjects.ts';
import { changeUser } from './change-user.ts';
import { fieldsQuery, pickedFields } from './fields.ts';
import { userOf } from './find-user.ts';
import { findUsers, sortQuery } from './find-users.ts';
import { createUser } from './new-user.ts';
import { pageOf, pageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { usersOf } from './user-view.ts';

/** `/users` and `/users-by-email`: the people of the one directory. */
export function userRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [
    listUsers(room),
    usersByEmail(room),
    getUser(room),
    createUser(room),
    changeUser(room),
    deleteUser(room),
  ];
}

function listUsers(room: ManagementRoom): ManagementRoute {
  const query = z.object({
    ...pageQuery,
    ...fieldsQuery,
    q: z.string().optional(),
    sort: sortQuery,
    search_engine: z.literal('v3', { error: 'only v3 is known' }).optional(),
  });
  return {
    method: 'get',
    path: '/users',
    scopes: ['read:users'],
    async run(call) {
      const asked = call.query(query);
      const { items, total } = await findUsers(asked, room);
      const picked = items.map((user) => pickedFields(user, asked));
      return pageOf('users', { items: picked, total }, asked);
    },
  };
}

/** One address is one account's, whatever its letters' case. */
function usersByEmail(room: ManagementRoom): ManagementRoute {
  const query = z.object({ ...fieldsQuery, email: z.string().min(1).max(254) });
  return {
    method: 'get',
    path: '/users-by-email',
    scopes: ['read:users'],
    async run(call) {
      const asked = call.query(query);
      const account = asked.email.includes('@')
        ? await room.accounts.findByLogin(asked.email)
        : undefined;
      const users = await usersOf(account === undefined ? [] : [account], room);
      return users.map((user) => pickedFields(user, asked));
    },
  };
}

function getUser(room: ManagementRoom): ManagementRoute {
  const query = z.object(fieldsQuery);
  return {
    method: 'get',
    path: '/users/:id',
    scopes: ['read:users'],
    async run(call) {
      const wanted = call.query(query);
      const [user] = await usersOf([await userOf(call, room)], room);
      return user && pickedFields(user, wanted);
    },
  };
}

/** Whoever is not there is deleted already. */
function deleteUser({ accounts }: ManagementRoom): ManagementRoute {
  return {
    method: 'delete',
    path: '/users/:id',
    scopes: ['delete:users'],
    async run(call) {
      const accountId = accountIdOf(call.param('id'));
      if (accountId !== undefined) await accounts.delete(accountId, call.actor);
      return undefined;
    },
  };
}
