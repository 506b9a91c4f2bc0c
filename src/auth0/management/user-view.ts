import type { Account } from '../../accounts/accounts.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { auth0Subject } from '../subjects.ts';
import type { Metadata } from '../user-metadata.ts';
import type { ManagementRoom } from './room.ts';
import { type SignIns, signInsOf } from './sign-ins.ts';

/** The one connection: accounts with a password of the one directory. */
const CONNECTION = 'Username-Password-Authentication';

const SECOND_MS = 1000;
/** Claims that users have at the top. */
const CLAIMS = ['given_name', 'family_name', 'picture', 'phone_number'] as const;

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

function userView(
  account: Account,
  { user, app }: Metadata = { user: {}, app: {} },
  signIns?: SignIns,
): JsonObject {
  const { id, username, email, emailVerified, claims, state } = account;
  return {
    user_id: auth0Subject(id),
    ...(email !== undefined && { email, email_verified: emailVerified }),
    ...(username !== undefined && { username }),
    ...namesOf(account),
    ...claimsAtTheTop(claims),
    identities: [{ connection: CONNECTION, provider: 'auth0', user_id: id, isSocial: false }],
    created_at: instant(account.createdAt),
    updated_at: instant(account.updatedAt),
    user_metadata: user,
    app_metadata: app,
    ...(state !== 'active' && { blocked: true }),
    ...(signIns && { last_login: instant(signIns.lastAt) }),
    logins_count: signIns?.count ?? 0,
  };
}

function namesOf({ id, email, username, claims }: Account): JsonObject {
  const login = email ?? username ?? id;
  return {
    name: claims['name'] ?? login,
    nickname: claims['nickname'] ?? email?.split('@')[0] ?? login,
  };
}

function claimsAtTheTop(claims: JsonObject): JsonObject {
  return Object.fromEntries(
    CLAIMS.flatMap((name) => {
      const value = claims[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function instant(time: number): string {
  return new Date(time * SECOND_MS).toISOString();
}
