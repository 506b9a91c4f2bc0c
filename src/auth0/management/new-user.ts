import type { NewAccount } from '../../accounts/accounts.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { accountIdOf } from '../subjects.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { claimsOf, newUserBody, shownNumber } from './user-fields.ts';
import { usersOf } from './user-view.ts';

/** `POST /users`: an account of the one directory. */
export function createUser(room: ManagementRoom): ManagementRoute {
  const { accounts, metadata } = room;
  return {
    method: 'post',
    path: '/users',
    scopes: ['create:users'],
    status: 201,
    async run(call) {
      const {
        user_metadata: user = {},
        app_metadata: app = {},
        ...given
      } = await call.body(newUserBody);
      const account: NewAccount = {
        id: given.user_id === undefined ? undefined : (accountIdOf(given.user_id) ?? given.user_id),
        username: given.username,
        email: given.email,
        emailVerified: given.email_verified,
        phone: shownNumber(given.phone_number, given.phone_verified),
        password: given.password,
        disabled: given.blocked,
        claims: withoutNulls(claimsOf(given)),
      };
      const beginnings = [metadata.beginnings({ user, app })];
      const made = await accounts.create(account, call.actor, beginnings);
      const [view] = await usersOf([made], room);
      return view;
    },
  };
}

function withoutNulls(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
}
