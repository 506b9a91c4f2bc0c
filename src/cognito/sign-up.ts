import { AccountExists } from '../accounts/accounts.ts';
import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { Actor } from '../runtime/origin.ts';
import type { CognitoUserTable } from '../storage/tables.ts';
import { attributeInput, readAttributes } from './attribute-input.ts';
import { checkRequired, valuesOf } from './attribute-rules.ts';
import { keptOf } from './attributes.ts';
import { CognitoException, expiredCode } from './exception.ts';
import { createUser, namedBy } from './new-user.ts';
import { operation, type Operation } from './operation.ts';
import { userNotFound } from './password-auth.ts';
import { isNumber, phoneOf, verifyNumber } from './phone-numbers.ts';
import type { ClientOfPool } from './pools.ts';
import type { Room } from './room.ts';
import { checkSecretHash } from './secret-hash.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { occasionOf } from './triggers/message-trigger.ts';
import { callPostConfirmation, callPreSignUp, withDecision } from './triggers/sign-up-triggers.ts';
import { updateUser } from './user-queries.ts';
import { statusOf } from './user-view.ts';
import type { PoolUser } from './users.ts';

const ofClient = z.object({
  ClientId: z.string(),
  Username: z.string().min(1).max(128),
  SecretHash: z.string().nullish(),
});
type OfClient = z.output<typeof ofClient>;

/** `SignUp`: people make a user of their own, who signs in once a code from a letter was typed. */
export function signUp(room: Room): Operation {
  const input = ofClient.extend({
    Password: z.string().min(1).max(1024),
    UserAttributes: attributeInput,
    ValidationData: attributeInput.nullish(),
    ClientMetadata: clientMetadata,
  });
  return operation(input, async (given, origin) => {
    const { pool, client } = await clientOf(given, room);
    if (!pool.selfSignUp)
      throw new CognitoException(
        'NotAuthorizedException',
        'SignUp is not permitted for this user pool',
      );
    await room.letters.admit(origin);
    const attributes = readAttributes(given.UserAttributes, { pool, by: client });
    checkRequired(pool, { ...namedBy(given.Username, pool), ...valuesOf(attributes) });
    const asked = {
      source: 'PreSignUp_SignUp',
      pool,
      clientId: client.id,
      username: given.Username,
      attributes: given.UserAttributes,
      validationData: given.ValidationData ?? [],
      clientMetadata: given.ClientMetadata,
    } as const;
    const { isConfirmed, ...decision } = await callPreSignUp(asked, room.triggers);
    const user = await createUser(
      {
        pool,
        username: given.Username,
        password: given.Password,
        attributes: withDecision(attributes, decision),
        status: isConfirmed ? 'CONFIRMED' : 'UNCONFIRMED',
        actor: { by: 'self', origin },
      },
      room,
    );
    if (isConfirmed) {
      await confirmed(user, { clientId: client.id, clientMetadata: given.ClientMetadata }, room);
      return { UserConfirmed: true, UserSub: user.account.id };
    }
    const address = firstToVerify(user, room);
    const occasion = occasionOf('SignUp', client, given);
    const ask = { user, purpose: 'verify', origin, occasion } as const;
    return {
      UserConfirmed: false,
      UserSub: user.account.id,
      ...(address !== undefined && {
        CodeDeliveryDetails: await room.letters.send({ ...ask, address }),
      }),
    };
  });
}

/** `ConfirmSignUp`: by the code from the letter, or the text message, which shows whose the address is. */
export function confirmSignUp(room: Room): Operation {
  const input = ofClient.extend({
    ConfirmationCode: z.string().min(1).max(2048),
    ClientMetadata: clientMetadata,
  });
  return operation(input, async (given, origin) => {
    const { pool, client } = await clientOf(given, room);
    const user = await room.users.find(pool, given.Username);
    if (user === undefined)
      throw client.preventUserExistenceErrors ? expiredCode() : userNotFound();
    checkUnconfirmed(user);
    const address = waitingAddress(user, room);
    const ask = { user, address, origin, purpose: 'verify' } as const;
    await room.letters.check({
      ...ask,
      code: given.ConfirmationCode,
      clientId: client.id,
      tellsExpiry: true,
    });
    await verifyAddress(user, address, { by: 'self', origin }, room);
    await setStatus(user, 'CONFIRMED', room);
    await confirmed(user, { clientId: client.id, clientMetadata: given.ClientMetadata }, room);
    return {};
  });
}

/** Whoever is no newcomer any more is not confirmed again. @throws {CognitoException} */
export function checkUnconfirmed(user: PoolUser): void {
  if (user.row.status !== 'UNCONFIRMED')
    throw new CognitoException(
      'NotAuthorizedException',
      `User cannot be confirmed. Current status is ${statusOf(user)}`,
    );
}

/** Tells the trigger `PostConfirmation` of a user, as they are now. @throws {CognitoException} when it refuses. */
export async function confirmed(
  { pool, account }: PoolUser,
  asked: { readonly clientId: string | undefined; readonly clientMetadata: JsonObject | undefined },
  room: Room,
): Promise<void> {
  const user = await room.users.byAccount(pool, account.id);
  const source = 'PostConfirmation_ConfirmSignUp';
  if (user !== undefined) await callPostConfirmation({ ...asked, user, source }, room.triggers);
}

/** `ResendConfirmationCode`: another letter; its code takes the place of the last. */
export function resendConfirmationCode(room: Room): Operation {
  const input = ofClient.extend({ ClientMetadata: clientMetadata });
  return operation(input, async (given, origin) => {
    const { pool, client } = await clientOf(given, room);
    await room.letters.admit(origin);
    const user = await room.users.find(pool, given.Username);
    if (user === undefined && client.preventUserExistenceErrors) {
      const nobody = { pool, typed: given.Username, origin };
      return { CodeDeliveryDetails: await room.letters.pretend(nobody) };
    }
    if (user === undefined) throw userNotFound();
    if (user.row.status !== 'UNCONFIRMED')
      throw new CognitoException('InvalidParameterException', 'User is already confirmed.');
    const address = waitingAddress(user, room);
    const occasion = occasionOf('ResendCode', client, given);
    const isSecret = client.preventUserExistenceErrors;
    const ask = { user, address, origin, occasion, isSecret, purpose: 'verify' } as const;
    return { CodeDeliveryDetails: await room.letters.send(ask) };
  });
}

/**
 * The address, or the number, is the account's from now on.
 *
 * @throws {CognitoException} when it has become somebody else's.
 */
export async function verifyAddress(
  user: PoolUser,
  address: string,
  actor: Actor,
  room: Room,
): Promise<void> {
  if (isNumber(address)) return await verifyNumber(user, address, actor, room);
  const { accounts, records, clock } = room;
  try {
    await accounts.setEmail(user.account.id, { address, isVerified: true }, actor);
  } catch (error) {
    if (!(error instanceof AccountExists)) throw error;
    throw new CognitoException(
      'AliasExistsException',
      'An account with the given email already exists.',
      { cause: error },
    );
  }
  const { custom } = keptOf(user);
  const columns = { attributes: JSON.stringify({ custom }), updated_at: clock.now() };
  await records.write(updateUser(records.queries, user.row, columns));
}

/** Where a user stands from now on. */
export async function setStatus(
  { row }: PoolUser,
  status: CognitoUserTable['status'],
  { records, clock }: Room,
): Promise<void> {
  const columns = { status, updated_at: clock.now() };
  await records.write(updateUser(records.queries, row, columns));
}

async function clientOf(
  { ClientId, Username, SecretHash }: OfClient,
  room: Room,
): Promise<ClientOfPool> {
  const found = await room.pools.client(ClientId);
  checkSecretHash(found.client, SecretHash ?? undefined, [Username]);
  return found;
}

/** Where the code of a sign-up goes: as at AWS, to the number before the address. Undefined: the pool verifies neither. */
function firstToVerify(user: PoolUser, { sms }: Pick<Room, 'sms'>): string | undefined {
  const phone = user.pool.autoVerifyPhone && sms.isAvailable ? phoneOf(user) : undefined;
  if (phone?.isVerified === false) return phone.number;
  return user.pool.autoVerifyEmail ? keptOf(user).email : undefined;
}

/** The same of somebody who has still to be confirmed, whatever the pool verifies by itself. */
export function toVerify(user: PoolUser, room: Pick<Room, 'sms'>): string | undefined {
  return firstToVerify(user, room) ?? keptOf(user).email;
}

function waitingAddress(user: PoolUser, room: Pick<Room, 'sms'>): string {
  const address = toVerify(user, room);
  if (address !== undefined) return address;
  throw new CognitoException(
    'InvalidParameterException',
    'The user has no address that a code could be sent to.',
  );
}
