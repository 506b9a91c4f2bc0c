import { z } from 'zod';
import { pickedFields, fieldsQuery } from './fields.ts';
import { userOf } from './find-user.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { usersOf } from './user-view.ts';

/** `/users` */
export function userRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [getUser(room)];
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
