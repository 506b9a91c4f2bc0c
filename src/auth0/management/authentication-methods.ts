import type { FactorSummary } from '../../factors/factors.ts';
import type { Actor } from '../../runtime/origin.ts';
import { notFound } from './declared.ts';
import { userOf } from './find-user.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { instantOf } from '../person.ts';

/** Before the id of a passkey; of the others a person has one. */
const PASSKEY = 'passkey|';
const TOTP = 'totp|0';
const RECOVERY_CODES = 'recovery-code|0';

interface Method {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly confirmed?: boolean;
  readonly created_at?: string;
  readonly last_auth_at?: string;
}

/** Second factors and passkeys of a person: what there is, and the end of one or of all. */
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
    {
      method: 'get',
      path: `${path}/:method`,
      scopes: ['read:authentication_methods'],
      async run(call) {
        const summary = await factors.of((await userOf(call, room)).id);
        const all = summary === undefined ? [] : methodsOf(summary);
        return all.find(({ id }) => id === call.param('method')) ?? unknownMethod();
      },
    },
    { ...removal, path, run: removeAll },
    {
      ...removal,
      path: `${path}/:method`,
      async run(call) {
        const { id: accountId } = await userOf(call, room);
        const isGone = await removeOne(call.param('method'), { accountId, ...call }, room);
        return isGone ? undefined : unknownMethod();
      },
    },
    { ...removal, path: '/users/:id/authenticators', run: removeAll },
  ];
}

/** False: there is none of that id. */
async function removeOne(
  method: string,
  { accountId, actor }: { readonly accountId: string; readonly actor: Actor },
  { factors }: Pick<ManagementRoom, 'factors'>,
): Promise<boolean> {
  if (method === TOTP) return await factors.totp.remove(accountId, actor);
  if (method === RECOVERY_CODES) return await factors.recoveryCodes.remove(accountId, actor);
  if (!method.startsWith(PASSKEY)) return false;
  return await factors.passkeys.remove(accountId, method.slice(PASSKEY.length), actor);
}

function unknownMethod(): never {
  return notFound('The authentication method does not exist.', 'authentication_method_not_found');
}

function methodsOf({ passkeys, totp, recoveryCodes }: FactorSummary): readonly Method[] {
  return [
    ...passkeys.map(({ id, name, createdAt, lastUsedAt }) => ({
      id: `${PASSKEY}${id}`,
      type: 'passkey',
      name,
      created_at: instantOf(createdAt),
      ...(lastUsedAt !== undefined && { last_auth_at: instantOf(lastUsedAt) }),
    })),
    ...(totp === undefined
      ? []
      : [{ id: TOTP, type: 'totp', confirmed: true, created_at: instantOf(totp.createdAt) }]),
    ...(recoveryCodes === 0
      ? []
      : [{ id: RECOVERY_CODES, type: 'recovery-code', confirmed: true }]),
  ];
}
