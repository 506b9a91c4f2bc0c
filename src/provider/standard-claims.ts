import type { Account } from '../accounts/accounts.ts';
import type { Json, JsonObject } from '../runtime/json.ts';

const PROFILE =
  'name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at';

/** Claims by the scope that asks for them (OpenID Connect Core section 5.4). */
export const STANDARD_CLAIMS: Readonly<Record<string, readonly string[]>> = {
  openid: ['sub'],
  profile: PROFILE.split(' '),
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
};

/** All standard claims of an account; what it does not have is left out. */
export function standardClaims(account: Account): JsonObject {
  return {
    ...account.claims,
    ...definedOnly([
      ['preferred_username', account.username],
      ['email', account.email],
      ['email_verified', account.email === undefined ? undefined : account.emailVerified],
    ]),
    updated_at: account.updatedAt,
  };
}

/** An object of the entries that have a value. */
export function definedOnly(entries: readonly (readonly [string, Json | undefined])[]): JsonObject {
  const told = entries.flatMap(([name, value]): readonly (readonly [string, Json])[] =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(told);
}
