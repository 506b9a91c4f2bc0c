import { z } from 'zod';
import type { Actor } from '../runtime/origin.ts';
import { isPhoneNumber } from '../accounts/phone-number.ts';
import { ofUser, poolOf, userOf } from './addressed.ts';
import { attributeInput, readAttributes } from './attribute-input.ts';
import { valuesOf } from './attribute-rules.ts';
import { keptOf } from './attributes.ts';
import { CognitoException } from './exception.ts';
import { setNewPassword } from './new-password.ts';
import { createUser, namedBy } from './new-user.ts';
import { signedOperation, type Operation } from './operation.ts';
import { phoneOf } from './phone-numbers.ts';
import { noGateway } from './pool-input.ts';
import type { Room } from './room.ts';
import { makeTemporaryPassword } from './temporary-password.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { callPreSignUp, withDecision } from './triggers/sign-up-triggers.ts';
import { statusOf, userView } from './user-view.ts';
import type { PoolUser } from './users.ts';

const input = ofUser.extend({
  TemporaryPassword: z.string().min(1).max(1024).nullish(),
  UserAttributes: attributeInput,
  ValidationData: attributeInput.nullish(),
  ClientMetadata: clientMetadata,
  MessageAction: z.enum(['RESEND', 'SUPPRESS']).nullish(),
  DesiredDeliveryMediums: z.array(z.enum(['EMAIL', 'SMS'])).nullish(),
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
  const addresses = chosen(
    given,
    { ...namedBy(given.Username, pool), ...valuesOf(attributes) },
    room,
  );
  const isTold = given.MessageAction !== 'SUPPRESS' && addresses.length > 0;
  const password =
    given.TemporaryPassword ?? (isTold ? makeTemporaryPassword(pool.passwordPolicy) : undefined);
  const { isConfirmed: _, ...decision } = await callPreSignUp(
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
      attributes: withDecision(attributes, decision),
      status: 'CONFIRMED',
      actor,
    },
    room,
  );
  if (isTold && password !== undefined) {
    const { ClientMetadata } = given;
    const { origin } = actor;
    const to = { addresses, password, clientMetadata: ClientMetadata, origin };
    await room.letters.invite(user, to);
  }
  return user;
}

async function inviteAgain(given: Input, actor: Actor, room: Room): Promise<PoolUser> {
  const user = await userOf(given, room);
  const email = keptOf(user).email ?? user.account.email;
  const addresses = chosen(given, { email, phone_number: phoneOf(user)?.number }, room);
  if (statusOf(user) !== 'FORCE_CHANGE_PASSWORD' || addresses.length === 0)
    throw new CognitoException(
      'UnsupportedUserStateException',
      `Resend not possible. ${given.Username} status is not FORCE_CHANGE_PASSWORD, or there is no address.`,
    );
  const password = given.TemporaryPassword ?? makeTemporaryPassword(user.pool.passwordPolicy);
  await setNewPassword({ user, password, actor }, room);
  await room.accounts.requirePasswordChange(user.account.id, actor);
  const { ClientMetadata } = given;
  const { origin } = actor;
  await room.letters.invite(user, {
    addresses,
    password,
    clientMetadata: ClientMetadata,
    origin,
  });
  return (await room.users.byAccount(user.pool, user.account.id)) ?? user;
}

/** Where the password goes: as the operator wants it; else by e-mail, or by SMS to whoever has no address. */
function chosen(
  { DesiredDeliveryMediums: wanted }: Input,
  { email, phone_number: number }: Readonly<Record<string, unknown>>,
  { sms }: Pick<Room, 'sms'>,
): readonly string[] {
  if (wanted?.includes('SMS') === true && !sms.isAvailable) throw noGateway();
  const heard = {
    EMAIL: typeof email === 'string' ? email : undefined,
    SMS: sms.isAvailable && isNumberLike(number) ? number : undefined,
  };
  const first = heard.EMAIL === undefined ? 'SMS' : 'EMAIL';
  const media = wanted?.length ? wanted : ([first] as const);
  return media.map((one) => heard[one]).filter((address) => address !== undefined);
}

function isNumberLike(value: unknown): value is string {
  return typeof value === 'string' && isPhoneNumber(value);
}
