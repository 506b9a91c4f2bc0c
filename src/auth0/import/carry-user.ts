import {
  AccountExists,
  InvalidAccount,
  type Accounts,
  type Beginnings,
} from '../../accounts/accounts.ts';
import type { Totp } from '../../factors/totp.ts';
import type { Actor } from '../../runtime/origin.ts';
import { InvalidMetadata, type UserMetadata } from '../user-metadata.ts';
import type { FileUser } from './user-file.ts';

/** What users are made with. */
export interface UserRooms {
  readonly accounts: Pick<Accounts, 'check' | 'create' | 'find' | 'findByLogin' | 'update'>;
  readonly metadata: Pick<UserMetadata, 'beginnings' | 'merge'>;
  readonly totp: Pick<Totp, 'carried'>;
}

/** What became of a user: in a dry run, what would. */
export type Fate = 'made' | 'present' | 'updated';

const TOTP_EXPECTED =
  'mfa_factors: the secret must be base32 of 80 bits at least, for SHA-1, six digits and 30 seconds';

/**
 * Makes a user of a file: account, metadata and authenticator app in one transaction. Whoever is there, by id or else by
 * sign-in name, is left alone, or with `isUpsert` given the claims and the metadata of the file. Else why not.
 */
export async function carryUser(
  user: FileUser,
  rooms: UserRooms,
  how: { readonly actor: Actor; readonly isDryRun?: boolean; readonly isUpsert?: boolean },
): Promise<Fate | readonly string[]> {
  const present = await presentAs(user, rooms);
  if (present !== undefined && !how.isUpsert) return 'present';
  return await refusals(
    async () => {
      if (present !== undefined) return await update(user, present, how.actor, rooms);
      const beginnings = beginningsOf(user, rooms);
      if (how.isDryRun) {
        const problems = await rooms.accounts.check(user.account);
        return problems.length > 0 ? problems : 'made';
      }
      await rooms.accounts.create(user.account, how.actor, beginnings);
      return 'made';
    },
    rooms,
    user,
  );
}

async function presentAs(
  { account: { id, email, username } }: FileUser,
  { accounts }: UserRooms,
): Promise<string | undefined> {
  if (id !== undefined) return (await accounts.find(id))?.id;
  const login = email ?? username;
  return login === undefined ? undefined : (await accounts.findByLogin(login))?.id;
}

/** @throws {InvalidAccount} {InvalidMetadata} */
function beginningsOf({ metadata, totp }: FileUser, rooms: UserRooms): readonly Beginnings[] {
  const app = totp === undefined ? [] : [rooms.totp.carried(totp)];
  // Nobody is carried without their second factor.
  if (app.includes(undefined)) throw new InvalidAccount([TOTP_EXPECTED]);
  return [rooms.metadata.beginnings(metadata), ...app.filter((one) => one !== undefined)];
}

async function update(
  { account, metadata }: FileUser,
  accountId: string,
  actor: Actor,
  rooms: UserRooms,
): Promise<Fate> {
  const { claims } = account;
  await rooms.accounts.update(accountId, { claims }, { editor: 'operator', actor });
  await rooms.metadata.merge(accountId, metadata, actor);
  return 'updated';
}

async function refusals(
  work: () => Promise<Fate | readonly string[]>,
  { accounts }: UserRooms,
  { account }: FileUser,
): Promise<Fate | readonly string[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidAccount) return error.problems;
    if (error instanceof InvalidMetadata) return [error.message];
    if (!(error instanceof AccountExists)) throw error;
    const problems = await accounts.check(account);
    return problems.length > 0 ? problems : [error.message];
  }
}
