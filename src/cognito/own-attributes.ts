import { z } from 'zod';
import { attributeInput, readAttributes } from './attribute-input.ts';
import { keptOf } from './attributes.ts';
import { changeAttributes, writeToNewAddress } from './change-attributes.ts';
import { CognitoException } from './exception.ts';
import { operation, type Operation } from './operation.ts';
import { phoneOf } from './phone-numbers.ts';
import { noGateway } from './pool-input.ts';
import type { Room } from './room.ts';
import { verifyAddress } from './sign-up.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { occasionOf } from './triggers/message-trigger.ts';
import type { PoolUser } from './users.ts';

const ofUser = z.object({ AccessToken: z.string() });
const verifiable = z.enum(['email', 'phone_number'], {
  error: 'only the attributes email and phone_number can be verified',
});

/** `UpdateUserAttributes`: what users say of themselves. A new address counts once its code has come back. */
export function updateUserAttributes(room: Room): Operation {
  const input = ofUser.extend({ UserAttributes: attributeInput, ClientMetadata: clientMetadata });
  return operation(input, async ({ AccessToken, UserAttributes, ...given }, origin) => {
    const { user, client } = await room.accessTokens.bearer(AccessToken);
    const wanted = readAttributes(UserAttributes, { pool: user.pool, by: client });
    const changed = await changeAttributes(user, wanted, { by: 'self', origin }, room);
    const by = { origin, clientId: client.id, clientMetadata: given.ClientMetadata };
    const sent = await writeToNewAddress({ before: user, changed, ...by }, room);
    return { CodeDeliveryDetailsList: sent };
  });
}

/** `DeleteUserAttributes`. */
export function deleteUserAttributes(room: Room): Operation {
  const input = ofUser.extend({ UserAttributeNames: z.array(z.string().min(1).max(32)) });
  return operation(input, async ({ AccessToken, UserAttributeNames: names }, origin) => {
    const { user, client } = await room.accessTokens.bearer(AccessToken);
    const given = names.map((Name) => ({ Name, Value: '' }));
    const wanted = readAttributes(given, { pool: user.pool, by: client });
    await changeAttributes(user, wanted, { by: 'self', origin }, room);
    return {};
  });
}

/** `GetUserAttributeVerificationCode`: a code to the address, or the number, that waits to be verified. */
export function getUserAttributeVerificationCode(room: Room): Operation {
  const input = ofUser.extend({ AttributeName: verifiable, ClientMetadata: clientMetadata });
  return operation(input, async ({ AccessToken, ...given }, origin) => {
    const { user, client } = await room.accessTokens.bearer(AccessToken);
    const occasion = occasionOf('VerifyUserAttribute', client, given);
    const address = waiting(user, given.AttributeName, room);
    const ask = { user, address, origin, occasion, purpose: 'verify' } as const;
    return { CodeDeliveryDetails: await room.letters.send(ask) };
  });
}

/** `VerifyUserAttribute`: that code. */
export function verifyUserAttribute(room: Room): Operation {
  const input = ofUser.extend({ AttributeName: verifiable, Code: z.string().min(1).max(2048) });
  return operation(input, async ({ AccessToken, AttributeName, Code: code }, origin) => {
    const { user, client } = await room.accessTokens.bearer(AccessToken);
    const address = waiting(user, AttributeName, room);
    const ask = { user, address, origin, purpose: 'verify', code, tellsExpiry: true } as const;
    await room.letters.check({ ...ask, clientId: client.id });
    await verifyAddress(user, address, { by: 'self', origin }, room);
    return {};
  });
}

/** `DeleteUser`: the account, for good. */
export function deleteUser(room: Room): Operation {
  return operation(ofUser, async ({ AccessToken }, origin) => {
    const { user } = await room.accessTokens.bearer(AccessToken);
    await room.accounts.delete(user.account.id, { by: 'self', origin });
    return {};
  });
}

/** @throws {CognitoException} where there is nothing to verify, or nothing to do so by. */
function waiting(
  user: PoolUser,
  attribute: z.output<typeof verifiable>,
  { sms }: Pick<Room, 'sms'>,
): string {
  const { account } = user;
  const phone = phoneOf(user);
  if (attribute === 'phone_number' && !sms.isAvailable) throw noGateway();
  const addresses = {
    email: keptOf(user).email ?? (account.emailVerified ? undefined : account.email),
    phone_number: phone?.isVerified === false ? phone.number : undefined,
  };
  const address = addresses[attribute];
  if (address !== undefined) return address;
  const what = { email: 'address', phone_number: 'number' }[attribute];
  throw new CognitoException('InvalidParameterException', `There is no ${what} to verify.`);
}
