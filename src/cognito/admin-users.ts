import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { Actor } from '../runtime/origin.ts';
import { attributeInput, readAttributes } from './attribute-input.ts';
import { keptOf } from './attributes.ts';
import { changeAttributes } from './change-attributes.ts';
import { CognitoException } from './exception.ts';
import { setNewPassword } from './new-password.ts';
import { createUser } from './new-user.ts';
import { signedOperation, type Operation } from './operation.ts';
import { userNotFound } from './password-auth.ts';
import type { Pool } from './pool.ts';
import type { Room } from './room.ts';
import { setStatus } from './sign-up.ts';
import { userView } from './user-view.ts';
import type { PoolUser } from './users.ts';

/** Of which user an operator speaks. */
export const ofUser = z.object({
  UserPoolId: z.string(),
  Username: z.string().min(1).max(128),
});

/** @throws {CognitoException} */
export async function poolOf(poolId: string, { pools }: Room): Promise<Pool> {
  const pool = await pools.find(poolId);
  if (pool !== undefined) return pool;
  throw new CognitoException('ResourceNotFoundException', `User pool ${poolId} does not exist.`);
}

/** @throws {CognitoException} */
export async function userOf(
  { UserPoolId, Username }: z.output<typeof ofUser>,
  room: Room,
): Promise<PoolUser> {
  const user = await room.users.find(await poolOf(UserPoolId, room), Username);
  if (user === undefined) throw userNotFound();
  return user;
}

/** What operators do with users, by the names of Cognito. */
export function adminUserOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    AdminCreateUser: adminCreateUser(room),
    AdminSetUserPassword: adminSetUserPassword(room),
    AdminUpdateUserAttributes: adminUpdateUserAttributes(room),
    AdminGetUser: one(room, async (user) => userView(user, 'UserAttributes')),
    AdminConfirmSignUp: one(room, (user) => setStatus(user, 'CONFIRMED', room)),
    AdminDisableUser: one(room, (user, actor) => room.accounts.disable(user.account.id, actor)),
    AdminEnableUser: one(room, (user, actor) => room.accounts.enable(user.account.id, actor)),
    AdminUserGlobalSignOut: one(room, (user, actor) => room.sessions.endAll(user, actor)),
    AdminDeleteUser: one(room, (user, actor) => room.accounts.delete(user.account.id, actor)),
    AdminResetUserPassword: one(room, (user, actor) => resetPassword(user, actor, room)),
  };
}

/** An operation that takes a user and nothing else; what `work` gives is told when it is an object. */
function one(
  room: Room,
  work: (user: PoolUser, actor: Actor) => Promise<JsonObject | boolean | void>,
): Operation {
  return signedOperation(ofUser, async (given, origin) => {
    const told = await work(await userOf(given, room), { by: 'cognito', origin });
    return typeof told === 'object' ? told : {};
  });
}

/** `AdminCreateUser`: whoever has a password given has to choose another at the first sign-in. No letter is sent. */
function adminCreateUser(room: Room): Operation {
  const input = ofUser.extend({
    TemporaryPassword: z.string().min(1).max(1024).nullish(),
    UserAttributes: attributeInput,
  });
  return signedOperation(input, async (given, origin) => {
    const pool = await poolOf(given.UserPoolId, room);
    const user = await createUser(
      {
        pool,
        username: given.Username,
        password: given.TemporaryPassword ?? undefined,
        mustChangePassword: true,
        attributes: readAttributes(given.UserAttributes, { pool, by: 'operator' }),
        status: 'CONFIRMED',
        actor: { by: 'cognito', origin },
      },
      room,
    );
    return { User: userView(user, 'Attributes') };
  });
}

/** `AdminSetUserPassword`: ends every session; not `Permanent`: the next sign-in asks for another. */
function adminSetUserPassword(room: Room): Operation {
  const input = ofUser.extend({
    Password: z.string().min(1).max(1024),
    Permanent: z.boolean().default(false),
  });
  return signedOperation(input, async (given, origin) => {
    const user = await userOf(given, room);
    const actor = { by: 'cognito', origin };
    await setNewPassword({ user, password: given.Password, actor }, room);
    if (!given.Permanent) await room.accounts.requirePasswordChange(user.account.id, actor);
    await setStatus(user, 'CONFIRMED', room);
    return {};
  });
}

function adminUpdateUserAttributes(room: Room): Operation {
  const input = ofUser.extend({ UserAttributes: attributeInput });
  return signedOperation(input, async (given, origin) => {
    const user = await userOf(given, room);
    const wanted = readAttributes(given.UserAttributes, { pool: user.pool, by: 'operator' });
    await changeAttributes(user, wanted, { by: 'cognito', origin }, room);
    return {};
  });
}

/** Nobody gets in before the code of a letter has set a new password. */
async function resetPassword(user: PoolUser, actor: Actor, room: Room): Promise<void> {
  const { email, emailVerified } = user.account;
  if (!emailVerified || email === undefined || keptOf(user).email !== undefined)
    throw new CognitoException(
      'InvalidParameterException',
      'Cannot reset password for the user as there is no verified email',
    );
  await setStatus(user, 'RESET_REQUIRED', room);
  await room.sessions.endAll(user, actor);
  await room.letters.send({ user, address: email, origin: actor.origin, purpose: 'reset-code' });
}
