import { z } from 'zod';
import type { Actor } from '../runtime/origin.ts';
import { ofUser, poolOf, userOf } from './addressed.ts';
import { attributeInput, readAttributes } from './attribute-input.ts';
import { keptOf } from './attributes.ts';
import { CognitoException } from './exception.ts';
import { setNewPassword } from './new-password.ts';
import { createUser } from './new-user.ts';
import { signedOperation, type Operation } from './operation.ts';
import type { Room } from './room.ts';
import { makeTemporaryPassword } from './temporary-password.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { callPreSignUp } from './triggers/sign-up-triggers.ts';
import { statusOf, userView } from './user-view.ts';
import type { PoolUser } from './users.ts';

const input = ofUser.extend({
  TemporaryPassword: z.string().min(1).max(1024).nullish(),
  UserAttributes: attributeInput,
  ValidationData: attributeInput.nullish(),
  ClientMetadata: clientMetadata,
  MessageAction: z.enum(['RESEND', 'SUPPRESS']).nullish(),
  DesiredDeliveryMediums: z
    .array(z.literal('EMAIL', { error: 'letters go by EMAIL alone here' }))
    .nullish(),
});
type Input = z.output<typeof input>;

/**
 * `AdminCreateUser`: a password is sent, which is good for the first sign-in and then has to be changed; made up, where none is given.
 * `SUPPRESS`: no letter, and no password but a given one. `RESEND`: another for a user who never came.
 */
export function adminCreateUser(room: Room): Operation {
  return signedOperation(input, async (given, origin) => {
    const actor = { by: 'cognito', origin };
    const user =
      given.MessageAction === 'RESEND'
        ? await inviteAgain(given, actor, room)
        : await create(given, actor, room);
    return { User: userView(user, 'Attributes') };
  });
}

async function create(given: Input, actor: Actor, room: Room): Promise<PoolUser> {
  const pool = await poolOf(given.UserPoolId, room);
  const attributes = readAttributes(given.UserAttributes, { pool, by: 'operator' });
  const address =
    pool.signInBy === 'email' ? (attributes.email ?? given.Username) : attributes.email;
  const isTold = given.MessageAction !== 'SUPPRESS' && typeof address === 'string';
  const password =
    given.TemporaryPassword ?? (isTold ? makeTemporaryPassword(pool.passwordPolicy) : undefined);
  const { isEmailVerified } = await callPreSignUp(
    {
      source: 'PreSignUp_AdminCreateUser',
      pool,
      clientId: undefined,
      username: given.Username,
      attributes: given.UserAttributes,
      validationData: given.ValidationData ?? [],
      clientMetadata: given.ClientMetadata,
    },
    room.triggers,
  );
  const user = await createUser(
    {
      pool,
      username: given.Username,
      password,
      mustChangePassword: true,
      attributes: isEmailVerified ? { ...attributes, emailVerified: true } : attributes,
      status: 'CONFIRMED',
      actor,
    },
    room,
  );
  if (isTold && password !== undefined) {
    const { ClientMetadata } = given;
    await room.letters.invite(user, { address, password, clientMetadata: ClientMetadata });
  }
  return user;
}

async function inviteAgain(given: Input, actor: Actor, room: Room): Promise<PoolUser> {
  const user = await userOf(given, room);
  const address = keptOf(user).email ?? user.account.email;
  if (statusOf(user) !== 'FORCE_CHANGE_PASSWORD' || address === undefined)
    throw new CognitoException(
      'UnsupportedUserStateException',
      `Resend not possible. ${given.Username} status is not FORCE_CHANGE_PASSWORD, or there is no address.`,
    );
  const password = given.TemporaryPassword ?? makeTemporaryPassword(user.pool.passwordPolicy);
  await setNewPassword({ user, password, actor }, room);
  await room.accounts.requirePasswordChange(user.account.id, actor);
  const { ClientMetadata } = given;
  await room.letters.invite(user, { address, password, clientMetadata: ClientMetadata });
  return (await room.users.byAccount(user.pool, user.account.id)) ?? user;
}
