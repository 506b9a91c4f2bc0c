import { z } from 'zod';
import type { Origin } from '../runtime/origin.ts';
import { attributeInput, readAttributes } from './attribute-input.ts';
import { keptOf } from './attributes.ts';
import { changeAttributes, writeToNewAddress } from './change-attributes.ts';
import { CognitoException } from './exception.ts';
import { operation, type Operation } from './operation.ts';
import type { Room } from './room.ts';
import { verifyAddress } from './sign-up.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { occasionOf } from './triggers/message-trigger.ts';
import type { PoolUser } from './users.ts';

const ofUser = z.object({ AccessToken: z.string() });
const email = z.literal('email', { error: 'only the attribute email can be verified here' });

/** `UpdateUserAttributes`: what users say of themselves. A new address counts once its code has come back. */
export function updateUserAttributes(room: Room): Operation {
  const input = ofUser.extend({ UserAttributes: attributeInput, ClientMetadata: clientMetadata });
  return operation(input, async ({ AccessToken, UserAttributes, ...given }, origin) => {
    const { user, client } = await room.accessTokens.bearer(AccessToken);
    const wanted = readAttributes(UserAttributes, { pool: user.pool, by: client });
    const changed = await changeAttributes(user, wanted, { by: 'self', origin }, room);
    const by = { origin, clientId: client.id, clientMetadata: given.ClientMetadata };
    const sent = await writeToNewAddress({ before: user, changed, ...by }, room);
    return { CodeDeliveryDetailsList: sent === undefined ? [] : [sent] };
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

/** `GetUserAttributeVerificationCode`: a letter to the address that waits to be verified. */
export function getUserAttributeVerificationCode(room: Room): Operation {
  const input = ofUser.extend({ AttributeName: email, ClientMetadata: clientMetadata });
  return operation(input, async ({ AccessToken, ...given }, origin) => {
    const { user, client } = await room.accessTokens.bearer(AccessToken);
    const occasion = occasionOf('VerifyUserAttribute', client, given);
    const ask = { ...waitingAddress(user, origin), occasion };
    return { CodeDeliveryDetails: await room.letters.send(ask) };
  });
}

/** `VerifyUserAttribute`: the code from that letter. */
export function verifyUserAttribute(room: Room): Operation {
  const input = ofUser.extend({ AttributeName: email, Code: z.string().min(1).max(2048) });
  return operation(input, async ({ AccessToken, Code: code }, origin) => {
    const { user, client } = await room.accessTokens.bearer(AccessToken);
    const ask = waitingAddress(user, origin);
    await room.letters.check({ ...ask, code, clientId: client.id, tellsExpiry: true });
    await verifyAddress(user, ask.address, { by: 'self', origin }, room);
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

function waitingAddress(
  user: PoolUser,
  origin: Origin,
): {
  readonly user: PoolUser;
  readonly address: string;
  readonly origin: Origin;
  readonly purpose: 'verify-email';
} {
  const address =
    keptOf(user).email ?? (user.account.emailVerified ? undefined : user.account.email);
  if (address === undefined)
    throw new CognitoException('InvalidParameterException', 'There is no address to verify.');
  return { user, address, origin, purpose: 'verify-email' };
}
