import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { Actor } from '../runtime/origin.ts';
import { adminCreateUser } from './admin-create-user.ts';
import { ofUser, userOf } from './addressed.ts';
import { adminListUserAuthEvents } from './auth-events.ts';
import { attributeInput, readAttributes } from './attribute-input.ts';
import { changeAttributes, writeToNewAddress } from './change-attributes.ts';
import { CognitoException } from './exception.ts';
import { mfaView } from './mfa.ts';
import { setNewPassword } from './new-password.ts';
import { signedOperation, type Operation } from './operation.ts';
import { noVerifiedAddress } from './passwords.ts';
import { recoveryAddress } from './recovery.ts';
import type { Room } from './room.ts';
import { checkUnconfirmed, confirmed, setStatus } from './sign-up.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { occasionOf, type Occasion } from './triggers/message-trigger.ts';
import { statusOf, userView } from './user-view.ts';
import type { PoolUser } from './users.ts';

/** What operators do with users, by the names of Cognito. */
export function adminUserOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    AdminCreateUser: adminCreateUser(room),
    AdminSetUserPassword: adminSetUserPassword(room),
    AdminUpdateUserAttributes: adminUpdateUserAttributes(room),
    AdminDeleteUserAttributes: adminDeleteUserAttributes(room),
    AdminListUserAuthEvents: adminListUserAuthEvents(room),
    AdminGetUser: one(room, async (user) => ({
      ...userView(user, 'UserAttributes'),
      ...(await mfaView(user, room.factors)),
    })),
    AdminConfirmSignUp: adminConfirmSignUp(room),
    AdminDisableUser: one(room, (user, actor) => room.accounts.disable(user.account.id, actor)),
    AdminEnableUser: one(room, (user, actor) => room.accounts.enable(user.account.id, actor)),
    AdminUserGlobalSignOut: one(room, (user, actor) => room.sessions.endAll(user, actor)),
    AdminDeleteUser: one(room, (user, actor) => room.accounts.delete(user.account.id, actor)),
    AdminResetUserPassword: adminResetUserPassword(room),
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

function adminConfirmSignUp(room: Room): Operation {
  const input = ofUser.extend({ ClientMetadata: clientMetadata });
  return signedOperation(input, async (given) => {
    const user = await userOf(given, room);
    checkUnconfirmed(user);
    await setStatus(user, 'CONFIRMED', room);
    await confirmed(user, { clientId: undefined, clientMetadata: given.ClientMetadata }, room);
    return {};
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
  const input = ofUser.extend({ UserAttributes: attributeInput, ClientMetadata: clientMetadata });
  return signedOperation(input, async (given, origin) => {
    const user = await userOf(given, room);
    const wanted = readAttributes(given.UserAttributes, { pool: user.pool, by: 'operator' });
    const changed = await changeAttributes(user, wanted, { by: 'cognito', origin }, room);
    const by = { origin, clientId: undefined, clientMetadata: given.ClientMetadata };
    await writeToNewAddress({ before: user, changed, ...by }, room);
    return {};
  });
}

function adminDeleteUserAttributes(room: Room): Operation {
  const input = ofUser.extend({ UserAttributeNames: z.array(z.string().min(1).max(32)) });
  return signedOperation(input, async ({ UserAttributeNames: names, ...given }, origin) => {
    const user = await userOf(given, room);
    const none = names.map((Name) => ({ Name, Value: '' }));
    const wanted = readAttributes(none, { pool: user.pool, by: 'operator' });
    await changeAttributes(user, wanted, { by: 'cognito', origin }, room);
    return {};
  });
}

function adminResetUserPassword(room: Room): Operation {
  const input = ofUser.extend({ ClientMetadata: clientMetadata });
  return signedOperation(input, async (given, origin) => {
    const occasion = occasionOf('ForgotPassword', undefined, given);
    await resetPassword(await userOf(given, room), { by: 'cognito', origin }, occasion, room);
    return {};
  });
}

/** Nobody gets in before the code of a letter has set a new password. */
async function resetPassword(
  user: PoolUser,
  actor: Actor,
  occasion: Occasion,
  room: Room,
): Promise<void> {
  if (!['CONFIRMED', 'RESET_REQUIRED'].includes(statusOf(user)))
    throw new CognitoException(
      'NotAuthorizedException',
      'User password cannot be reset in the current state.',
    );
  const address = await recoveryAddress(user, room);
  if (address === undefined) throw noVerifiedAddress();
  await setStatus(user, 'RESET_REQUIRED', room);
  await room.sessions.endAll(user, actor);
  const ask = { user, address, origin: actor.origin, occasion } as const;
  await room.letters.send({ ...ask, purpose: 'reset' });
}
