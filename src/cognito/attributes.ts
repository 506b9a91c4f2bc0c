import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { PoolClient } from './pool.ts';
import type { PoolUser } from './users.ts';

/** What a pool keeps beside the account. */
const keptAttributes = z.strictObject({
  /** Without `custom:`. */
  custom: z.record(z.string(), z.string()).default({}),
  /** An address that nobody has verified yet: it is none of the account's. */
  email: z.string().optional(),
});
export type KeptAttributes = z.output<typeof keptAttributes>;

/** Standard claims that are texts in both worlds, in the order in which Cognito lists them. */
export const TEXT_CLAIMS = [
  'birthdate',
  'gender',
  'zoneinfo',
  'phone_number',
  'locale',
  'name',
  'given_name',
  'family_name',
  'middle_name',
  'nickname',
  'preferred_username',
  'profile',
  'picture',
  'website',
] as const;

/** What a pool keeps of a user, as it lies in the row. */
export function keptOf({ row }: Pick<PoolUser, 'row'>): KeptAttributes {
  return keptAttributes.parse(JSON.parse(row.attributes));
}

/** All attributes of a user: verifications are booleans, the rest are texts. */
export function claimsOf(user: PoolUser): JsonObject {
  const { account } = user;
  const { custom, email: unverified } = keptOf(user);
  const email = unverified ?? account.email;
  const { address, phone_number: number, phone_number_verified: isVerified } = account.claims;
  const texts = TEXT_CLAIMS.map((name) => [name, account.claims[name]] as const);
  const entries: readonly (readonly [string, string | boolean | undefined])[] = [
    ...texts.map(([name, value]) => [name, textOf(value)] as const),
    ['address', formattedOf(address)],
    ['phone_number_verified', typeof number === 'string' ? isVerified === true : undefined],
    ['email', email],
    [
      'email_verified',
      email === undefined ? undefined : unverified === undefined && account.emailVerified,
    ],
    ...Object.entries(custom).map(([name, value]) => [`custom:${name}`, value] as const),
  ];
  const told = entries.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(told);
}

/**
 * The same in the types of an ID token, as far as `scopes` tell of them; undefined: everything. `profile`, and `openid` with no other, tell everything,
 * as at Cognito.
 */
export function claimsFor(
  user: PoolUser,
  client: Pick<PoolClient, 'readable'>,
  scopes: readonly string[] | undefined,
): JsonObject {
  const all = Object.entries(claimsOf(user));
  const claims = Object.fromEntries(
    all.flatMap(([name, value]) =>
      mayRead(client, name) ? [[name, name === 'address' ? { formatted: value } : value]] : [],
    ),
  );
  if (scopes === undefined || scopes.includes('profile')) return claims;
  const named = ['email', 'phone'].filter((scope) => scopes.includes(scope));
  if (named.length === 0) return claims;
  return Object.fromEntries(
    Object.entries(claims).filter(([name]) => named.some((scope) => name.startsWith(scope))),
  );
}

/** Whether a client is told an attribute (`ReadAttributes`). */
export function mayRead({ readable }: Pick<PoolClient, 'readable'>, name: string): boolean {
  return name === 'sub' || readable === undefined || readable.includes(name);
}

/** The same as operations tell them, every value a text, with `sub`. */
export function attributeList(
  user: PoolUser,
): readonly { readonly Name: string; readonly Value: string }[] {
  const entries: readonly (readonly [string, unknown])[] = [
    ['sub', user.account.id],
    ...Object.entries(claimsOf(user)),
  ];
  return entries.map(([Name, value]) => ({ Name, Value: String(value) }));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Cognito has a text where OpenID Connect has an object (Core section 5.1.1). */
function formattedOf(address: unknown): string | undefined {
  const isObject = typeof address === 'object' && address !== null;
  return isObject && 'formatted' in address ? textOf(address.formatted) : undefined;
}
