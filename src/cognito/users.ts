import type { Account, Accounts } from '../accounts/accounts.ts';
import { foldEmail, foldLogin } from '../accounts/login.ts';
import { isPhoneNumber } from '../accounts/phone-number.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Records } from '../storage/records.ts';
import type { CognitoUserTable } from '../storage/tables.ts';
import { namingMedia, type Pool } from './pool.ts';
import { adoptUser, userByAccount, userByName } from './user-queries.ts';

/** A user of a pool: an account of the directory, and what the pool knows of it. */
export interface PoolUser {
  readonly pool: Pool;
  readonly account: Account;
  readonly row: CognitoUserTable;
}

/** Finds users of pools. */
export interface Users {
  /** By the name that applications see, or by what users type. */
  find(pool: Pool, name: string): Promise<PoolUser | undefined>;
  byAccount(pool: Pool, accountId: string): Promise<PoolUser | undefined>;
  /** The same; whoever is in the directory comes into a pool of everybody by that. */
  admit(pool: Pool, accountId: string): Promise<PoolUser | undefined>;
}

/** Over the records and the one directory. */
export function createUsers(house: {
  readonly accounts: Accounts;
  readonly records: Records;
  readonly clock: Clock;
}): Users {
  const { accounts, records, clock } = house;
  const { queries } = records;

  async function byAccount(pool: Pool, accountId: string): Promise<PoolUser | undefined> {
    const [account, row] = await Promise.all([
      accounts.find(accountId),
      records.first(userByAccount(queries, pool.id, accountId)),
    ]);
    return account && row && { pool, account, row };
  }

  /** Whoever is in the directory, and not yet, or by another name, in the pool. */
  async function fromDirectory(pool: Pool, name: string): Promise<PoolUser | undefined> {
    const account =
      (await accounts.findByLogin(name)) ??
      (isNumberIn(pool, name) ? await accounts.findByPhone(name) : undefined);
    if (account === undefined) return undefined;
    const known = await byAccount(pool, account.id);
    if (known !== undefined) return mayBeTyped(known, name) ? known : undefined;
    return pool.people ? await adopt(pool, account) : undefined;
  }

  async function adopt(pool: Pool, account: Account): Promise<PoolUser | undefined> {
    await records.write(adoptUser(queries, rowOf({ pool, account, now: clock.now() })));
    return await byAccount(pool, account.id);
  }

  return {
    byAccount,
    async admit(pool, accountId) {
      const known = await byAccount(pool, accountId);
      if (known !== undefined || !pool.people) return known;
      const account = await accounts.find(accountId);
      return account && (await adopt(pool, account));
    },
    async find(pool, name) {
      const keys = { poolId: pool.id, username: name, loginKey: loginKeyOf(name) };
      const row = await records.first(userByName(queries, keys));
      if (row === undefined) return await fromDirectory(pool, name);
      const account = await accounts.find(row.account_id);
      return account && { pool, account, row };
    },
  };
}

/** What is typed to sign in, as it is compared. */
export function loginKeyOf(name: string): string {
  return foldLogin(name)?.key ?? name.normalize('NFKC').toLowerCase();
}

/** The name by which the directory knows the account. */
export function directoryLogin({ username, email, id }: Account): string {
  return username ?? email ?? id;
}

/** Whether people sign in to a pool by what has the form of a number. */
function isNumberIn(pool: Pool, name: string): boolean {
  return namingMedia(pool).includes('phone') && isPhoneNumber(name);
}

/** An address signs in where the pool says so, once it is verified; a number that is theirs in the directory likewise. */
function mayBeTyped({ pool, account }: PoolUser, name: string): boolean {
  if (isNumberIn(pool, name) && account.phone === name) return true;
  const isAddress = foldEmail(name) !== undefined;
  if (!isAddress) return pool.people;
  const takesAddresses = pool.signInBy === 'both' || namingMedia(pool).includes('email');
  return takesAddresses && account.emailVerified;
}

/** The row of an account of the directory that comes into a pool. */
function rowOf(made: {
  readonly pool: Pool;
  readonly account: Account;
  readonly now: number;
}): CognitoUserTable {
  const { pool, account, now } = made;
  const { id, username, email } = account;
  const isNamed = namingMedia(pool).length === 0;
  const name = isNamed ? (username ?? id) : id;
  const typed = isNamed ? (username ?? email ?? id) : (nameIn(account, pool) ?? id);
  return newUserRow({ pool, accountId: id, username: name, typed, now });
}

/**
 * By the address or the number of somebody of the directory, where those are names. A number that they sign in by there is
 * looked for there, and may go to somebody else: the pool keeps none of its own.
 */
function nameIn({ email, phone, claims }: Account, pool: Pool): string | undefined {
  const { phone_number: number, phone_number_verified: isVerified } = claims;
  const isClaimed = phone === undefined && isVerified === true;
  const named = { email, phone: isClaimed && typeof number === 'string' ? number : undefined };
  return namingMedia(pool)
    .map((medium) => named[medium])
    .find((one) => one !== undefined);
}

/** The row of a user who is new to a pool. */
export function newUserRow(made: {
  readonly pool: Pool;
  readonly accountId: string;
  readonly username: string;
  /** What they type to sign in. */
  readonly typed: string;
  readonly now: number;
  readonly status?: CognitoUserTable['status'];
  readonly attributes?: string;
}): CognitoUserTable {
  const { pool, accountId, username, typed, now, status = 'CONFIRMED', attributes = '{}' } = made;
  return {
    pool_id: pool.id,
    account_id: accountId,
    username,
    login_key: loginKeyOf(typed),
    status,
    attributes,
    software_token: null,
    email_mfa: null,
    sms_mfa: null,
    preferred_mfa: null,
    srp_salt: null,
    srp_verifier_sealed: null,
    password_number: 0,
    created_at: now,
    updated_at: now,
  };
}
