import type { FactorSummary } from '../../factors/factors.ts';
import { userOf } from './find-user.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { instantOf } from '../person.ts';

/** Second factors and passkeys of a person: what there is, and the end of all. */
export function authenticationMethodRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const { factors } = room;
  const path = '/users/:id/authentication-methods';
  const removal = {
    method: 'delete',
    scopes: ['delete:authentication_methods', 'update:users'],
  } as const;
  const removeAll: ManagementRoute['run'] = async (call) => {
    await factors.removeAll((await userOf(call, room)).id, call.actor);
    return undefined;
  };
  return [
    {
      method: 'get',
      path,
      scopes: ['read:authentication_methods'],
      async run(call) {
        const summary = await factors.of((await userOf(call, room)).id);
        return summary === undefined ? [] : methodsOf(summary);
      },
    },
    { ...removal, path, run: removeAll },
    { ...removal, path: '/users/:id/authenticators', run: removeAll },
  ];
}

function methodsOf({ passkeys, totp, recoveryCodes }: FactorSummary): readonly object[] {
  return [
    ...passkeys.map(({ id, name, createdAt, lastUsedAt }) => ({
      id: `passkey|${id}`,
      type: 'passkey',
      name,
      created_at: instantOf(createdAt),
      ...(lastUsedAt !== undefined && { last_auth_at: instantOf(lastUsedAt) }),
    })),
    ...(totp === undefined
      ? []
      : [{ id: 'totp|0', type: 'totp', confirmed: true, created_at: instantOf(totp.createdAt) }]),
    ...(recoveryCodes === 0
      ? []
      : [{ id: 'recovery-code|0', type: 'recovery-code', confirmed: true }]),
  ];
}
