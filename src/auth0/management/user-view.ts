import type { Account } from '../../accounts/accounts.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { DATABASE } from '../authentication/names.ts';
import { instantOf, namesOf } from '../person.ts';
import { auth0Subject } from '../subjects.ts';
import type { Metadata } from '../user-metadata.ts';
import type { ManagementRoom } from './room.ts';
import { type SignIns, signInsOf } from './sign-ins.ts';

/** The one connection: accounts with a password of the one directory. */
export const CONNECTION = DATABASE;
/** The id of that connection. */
export const CONNECTION_ID = 'con_0000000000000001';

/** Fields of users that are standard claims here, by the same names. */
export const CLAIM_FIELDS = [
  'name',
  'nickname',
  'given_name',
  'family_name',
  'picture',
  'phone_number',
] as const;

/** `accounts` as Auth0 writes users, in their order. Nothing of a password is in it. */
export async function usersOf(
  accounts: readonly Account[],
  { metadata, records }: Pick<ManagementRoom, 'metadata' | 'records'>,
): Promise<readonly JsonObject[]> {
  const ids = accounts.map(({ id }) => id);
  const [kept, signIns] = await Promise.all([metadata.ofAll(ids), signInsOf(records, ids)]);
  return accounts.map((account) =>
    userView(account, kept.get(account.id), signIns.get(account.id)),
  );
}

/** The little of each that lists of members tell. */
export async function userSummaries(
  accountIds: readonly string[],
  { accounts }: Pick<ManagementRoom, 'accounts'>,
): Promise<readonly JsonObject[]> {
  const found = await Promise.all(accountIds.map((id) => accounts.find(id)));
  return found.flatMap((account) => {
    if (account === undefined) return [];
    const { user_id, email = null, name = null, picture = null } = userView(account);
    return [{ user_id: user_id ?? null, email, name, picture }];
  });
}

function userView(
  account: Account,
  { user, app }: Metadata = { user: {}, app: {} },
  signIns?: SignIns,
): JsonObject {
  const { id, username, email, emailVerified, state } = account;
  return {
    user_id: auth0Subject(id),
    ...(email !== undefined && { email, email_verified: emailVerified }),
    ...(username !== undefined && { username }),
    ...namesOf(loginOf(account)),
    ...claimsOf(account),
    ...proofOf(account),
    identities: [{ connection: CONNECTION, provider: 'auth0', user_id: id, isSocial: false }],
    created_at: instantOf(account.createdAt),
    updated_at: instantOf(account.updatedAt),
    user_metadata: user,
    app_metadata: app,
    ...(state !== 'active' && { blocked: true }),
    ...(signIns && { last_login: instantOf(signIns.lastAt) }),
    logins_count: signIns?.count ?? 0,
  };
}

function loginOf({ id, username, email, phone }: Account): string {
  return email ?? username ?? phone ?? id;
}

function proofOf({ claims }: Account): JsonObject {
  if (claims['phone_number'] === undefined) return {};
  return { phone_verified: claims['phone_number_verified'] === true };
}

function claimsOf({ claims }: Account): JsonObject {
  return Object.fromEntries(
    CLAIM_FIELDS.flatMap((name) => {
      const value = claims[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
