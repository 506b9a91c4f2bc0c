import { AccountExists, InvalidAccount } from '../accounts/accounts.ts';
import { foldEmail } from '../accounts/login.ts';
import { isPhoneNumber } from '../accounts/phone-number.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Actor, Origin } from '../runtime/origin.ts';
import type { WantedAttributes } from './attribute-input.ts';
import { checkChange } from './attribute-rules.ts';
import { keptOf } from './attributes.ts';
import { CognitoException } from './exception.ts';
import { nameByNumber, phoneOf } from './phone-numbers.ts';
import type { Room } from './room.ts';
import type { Occasion } from './triggers/message-trigger.ts';
import { updateUser } from './user-queries.ts';
import type { PoolUser } from './users.ts';

/** What becomes of the address: the account has verified ones alone, and others wait in the pool. */
type NextAddress =
  | { readonly kind: 'kept' }
  | { readonly kind: 'none' }
  | { readonly kind: 'verified'; readonly address: string }
  | { readonly kind: 'waiting'; readonly address: string };

/**
 * Changes what is asked for; an address that is not verified is kept beside the account. Gives the user as they are then.
 *
 * @throws {CognitoException}
 */
export async function changeAttributes(
  user: PoolUser,
  wanted: WantedAttributes,
  actor: Actor,
  room: Room,
): Promise<PoolUser> {
  const { records, clock, users } = room;
  checkChange(user, wanted);
  const next = nextAddress(user, wanted);
  const number = verifiedNumber(user, wanted) ?? leftNumber(user, wanted);
  if (number !== undefined) await nameByNumber(user, number, room);
  await changeAccount({ user, wanted, next, actor }, room);
  const columns = {
    attributes: JSON.stringify(keptThen(user, wanted, next)),
    updated_at: clock.now(),
  };
  await records.write(updateUser(records.queries, user.row, columns));
  return (await users.byAccount(user.pool, user.account.id)) ?? user;
}

/**
 * A code to each address and number that has just come to wait to be verified, where the pool wants that.
 *
 * @throws {CognitoException}
 */
export async function writeToNewAddress(
  change: {
    readonly before: PoolUser;
    readonly changed: PoolUser;
    readonly origin: Origin;
  } & Omit<Occasion, 'source'>,
  { letters, sms }: Room,
): Promise<readonly JsonObject[]> {
  const { before, changed, origin, clientId, clientMetadata } = change;
  const { pool } = changed;
  const email = pool.autoVerifyEmail ? keptOf(changed).email : undefined;
  const phone = pool.autoVerifyPhone && sms.isAvailable ? phoneOf(changed) : undefined;
  const fresh = [
    email === keptOf(before).email ? undefined : email,
    phone?.isVerified === false && phone.number !== phoneOf(before)?.number
      ? phone.number
      : undefined,
  ].filter((address) => address !== undefined);
  const occasion = { source: 'UpdateUserAttribute', clientId, clientMetadata } as const;
  const ask = { user: changed, origin, occasion, purpose: 'verify' } as const;
  return await Promise.all(fresh.map((address) => letters.send({ ...ask, address })));
}

function nextAddress(user: PoolUser, wanted: WantedAttributes): NextAddress {
  const { account } = user;
  if (wanted.email === null) return { kind: 'none' };
  const address = wanted.email ?? keptOf(user).email ?? account.email;
  if (address === undefined) return { kind: 'kept' };
  if (wanted.emailVerified === true) return { kind: 'verified', address };
  if (wanted.email === undefined) return { kind: 'kept' };
  const isTheirs = account.emailVerified && foldEmail(address) === foldEmail(account.email ?? '');
  return { kind: isTheirs ? 'verified' : 'waiting', address };
}

/** Of a change that says whose it is. */
function verifiedNumber({ account }: PoolUser, { claims }: WantedAttributes): string | undefined {
  const { phone_number: number = account.claims['phone_number'] } = claims;
  const isTold = claims['phone_number_verified'] === true;
  return isTold && typeof number === 'string' && isPhoneNumber(number) ? number : undefined;
}

/** Of the directory: it is their name until the next has been verified, as any number is that somebody changes. */
function leftNumber({ account }: PoolUser, { claims }: WantedAttributes): string | undefined {
  const { phone_number: number = account.phone } = claims;
  return number === account.phone ? undefined : account.phone;
}

async function changeAccount(
  change: {
    readonly user: PoolUser;
    readonly wanted: WantedAttributes;
    readonly next: NextAddress;
    readonly actor: Actor;
  },
  { accounts }: Room,
): Promise<void> {
  const { user, wanted, next, actor } = change;
  const { claims } = wanted;
  const { id } = user.account;
  try {
    if (Object.keys(claims).length > 0)
      await accounts.update(id, { claims }, { editor: 'operator', actor });
    if (next.kind === 'none') await accounts.setEmail(id, undefined, actor);
    if (next.kind === 'verified')
      await accounts.setEmail(id, { address: next.address, isVerified: true }, actor);
  } catch (error) {
    throw refusalOf(error);
  }
}

function keptThen(user: PoolUser, { custom }: WantedAttributes, next: NextAddress): object {
  const kept = keptOf(user);
  const all = Object.entries({ ...kept.custom, ...custom }).filter(([, value]) => value !== null);
  const waiting =
    next.kind === 'kept' ? kept.email : next.kind === 'waiting' ? next.address : undefined;
  return { custom: Object.fromEntries(all), ...(waiting !== undefined && { email: waiting }) };
}

function refusalOf(error: unknown): unknown {
  if (error instanceof AccountExists)
    return new CognitoException(
      'AliasExistsException',
      'An account with the given email already exists.',
      { cause: error },
    );
  if (error instanceof InvalidAccount)
    return new CognitoException('InvalidParameterException', error.message, { cause: error });
  return error;
}
