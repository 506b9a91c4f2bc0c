import {
  AccountExists,
  InvalidAccount,
  PasswordsBusy,
  type Account,
} from '../accounts/accounts.ts';
import { foldEmail, foldUsername } from '../accounts/login.ts';
import type { Actor } from '../runtime/origin.ts';
import { randomUuid } from '../runtime/random.ts';
import { RecordConflict } from '../storage/records.ts';
import type { CognitoUserTable } from '../storage/tables.ts';
import type { WantedAttributes } from './attribute-input.ts';
import { isPhoneNumber } from '../accounts/phone-number.ts';
import { CognitoException } from './exception.ts';
import { checkPolicy } from './new-password.ts';
import { namingMedia, type Pool } from './pool.ts';
import type { Room } from './room.ts';
import { insertUser } from './user-queries.ts';
import { newUserRow, type PoolUser } from './users.ts';

/** A user who is not there yet. */
export interface NewUser {
  readonly pool: Pool;
  readonly username: string;
  readonly password: string | undefined;
  readonly mustChangePassword?: boolean;
  readonly attributes: WantedAttributes;
  readonly status: CognitoUserTable['status'];
  readonly actor: Actor;
}

/**
 * Makes an account and its place in the pool. An address that nobody has verified is kept beside the account: until it is, it
 * keeps nobody else from it.
 *
 * @throws {CognitoException}
 */
export async function createUser(user: NewUser, room: Room): Promise<PoolUser> {
  const { pool, username, password, status, attributes } = user;
  const id = randomUuid('Cognito user');
  const isName = namingMedia(pool).length > 0;
  const wanted = isName ? withAddress(user) : attributes;
  refuseAddress(user);
  await refuseTaken(user, room);
  if (password !== undefined) checkPolicy(password, pool.passwordPolicy);
  const account = await createAccount({ ...user, attributes: wanted }, id, room);
  const row = newUserRow({
    pool,
    accountId: id,
    username: isName ? id : username,
    typed: username,
    now: room.clock.now(),
    status,
    attributes: JSON.stringify(keptOf(wanted)),
  });
  const made = { pool, account, row };
  await insertOnce(made, user, room);
  if (password === undefined) return made;
  await room.srpSecrets.keep(made, password);
  return (await room.users.byAccount(pool, id)) ?? made;
}

const NAMES = { email: 'an email', phone: 'a phone number' } as const;

/** In a pool of addresses and numbers the name is the address, or the number. */
function withAddress({ pool, username, attributes }: NewUser): WantedAttributes {
  const { email, phone_number } = namedBy(username, pool);
  if (email !== undefined) return { ...attributes, email: attributes.email ?? email };
  if (phone_number === undefined) {
    const names = namingMedia(pool).map((medium) => NAMES[medium]);
    throw new CognitoException(
      'InvalidParameterException',
      `Username should be ${names.join(' or ')}.`,
    );
  }
  const { claims } = attributes;
  return { ...attributes, claims: { phone_number, ...claims } };
}

/** What a name says of somebody, where addresses or numbers are names. */
export function namedBy(
  username: string,
  pool: Pool,
): { readonly email?: string; readonly phone_number?: string } {
  const media = namingMedia(pool);
  if (media.includes('email') && foldEmail(username) !== undefined) return { email: username };
  if (media.includes('phone') && isPhoneNumber(username)) return { phone_number: username };
  return {};
}

/** A name that looks like an address would stand in the way of whoever has that address. */
function refuseAddress({ pool, username }: NewUser): void {
  if (pool.signInBy === 'both' && username.includes('@'))
    throw new CognitoException(
      'InvalidParameterException',
      'Username cannot be of email format, since user pool is configured for email alias.',
    );
}

async function refuseTaken(user: NewUser, { users, accounts }: Room): Promise<void> {
  const { pool, username } = user;
  const isTaken =
    (await users.find(pool, username)) !== undefined ||
    (await accounts.findByLogin(username)) !== undefined;
  if (isTaken) throw usernameExists(user);
}

async function createAccount(user: NewUser, id: string, room: Room): Promise<Account> {
  const { username, password, mustChangePassword, attributes, actor } = user;
  const verified = attributes.emailVerified === true ? (attributes.email ?? undefined) : undefined;
  try {
    return await room.accounts.create(
      {
        id,
        username: foldUsername(username) === undefined ? id : username,
        claims: withoutNulls(attributes.claims),
        password,
        mustChangePassword,
        ...(verified !== undefined && { email: verified, emailVerified: true }),
      },
      actor,
    );
  } catch (error) {
    throw refusalOf(error, user);
  }
}

async function insertOnce({ row, account }: PoolUser, user: NewUser, room: Room): Promise<void> {
  try {
    await room.records.write(insertUser(room.records.queries, row));
  } catch (error) {
    if (!(error instanceof RecordConflict)) throw error;
    // Somebody else was faster: what was made for this request has nowhere to be.
    await room.accounts.delete(account.id, user.actor);
    throw usernameExists(user);
  }
}

/** What the house refuses, in the words of Cognito. */
function refusalOf(error: unknown, user: NewUser): unknown {
  if (error instanceof AccountExists) return usernameExists(user, error);
  if (error instanceof PasswordsBusy)
    return new CognitoException('TooManyRequestsException', 'Too many requests', { cause: error });
  if (!(error instanceof InvalidAccount)) return error;
  const isOfPassword = error.problems.some((problem) => problem.startsWith('password:'));
  return isOfPassword
    ? new CognitoException(
        'InvalidPasswordException',
        `Password did not conform with policy: ${error.message}`,
        { cause: error },
      )
    : new CognitoException('InvalidParameterException', error.message, { cause: error });
}

function keptOf({ email, emailVerified, custom }: WantedAttributes): object {
  return {
    custom: withoutNulls(custom),
    ...(typeof email === 'string' && emailVerified !== true && { email }),
  };
}

function withoutNulls<Value>(
  values: Readonly<Record<string, Value | null>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

function usernameExists({ pool, username, actor }: NewUser, cause?: Error): CognitoException {
  const { email, phone_number: number } = namedBy(username, pool);
  const named = [email && 'email', number && 'phone_number'].find(Boolean);
  const ofUser =
    named === undefined
      ? 'User already exists'
      : `An account with the given ${named} already exists.`;
  const message = actor.by === 'self' ? ofUser : 'User account already exists';
  return new CognitoException('UsernameExistsException', message, { cause });
}
