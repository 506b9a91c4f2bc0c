import { z } from 'zod';
import type { NewAccount } from '../../accounts/accounts.ts';
import type { Json, JsonObject } from '../../runtime/json.ts';
import { accountIdOf } from '../subjects.ts';
import type { Metadata } from '../user-metadata.ts';
import { customPasswordHash, passwordHashOf } from './password-hash.ts';

/** A user of a file, and what of them has no place here. */
export interface FileUser {
  readonly account: NewAccount;
  readonly metadata: Metadata;
  /** Of an authenticator app, in base32. */
  readonly totp: string | undefined;
  /** Names of fields that are not carried over. */
  readonly lost: readonly string[];
}

/** What one entry of the file says. */
export type ReadUser =
  | { readonly ok: true; readonly user: FileUser }
  | { readonly ok: false; readonly problems: readonly string[] };

const object = z.record(z.string(), z.json());
const text = z.string().min(1).max(500);
const instant = z.iso
  .datetime({ offset: true })
  .transform((words) => Math.floor(Date.parse(words) / 1000));

/** As `users-imports` takes them, `users-exports` and `GET /users` give them, and the export of password hashes has them. */
const fields = z.object({
  user_id: z.string().optional(),
  _id: z.object({ $oid: z.string() }).optional(),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  username: z.string().optional(),
  name: text.optional(),
  nickname: text.optional(),
  given_name: text.optional(),
  family_name: text.optional(),
  picture: text.optional(),
  phone_number: text.optional(),
  phone_verified: z.boolean().optional(),
  blocked: z.boolean().optional(),
  password_hash: z.string().optional(),
  passwordHash: z.string().optional(),
  custom_password_hash: customPasswordHash.optional(),
  user_metadata: object.default({}),
  app_metadata: object.default({}),
  mfa_factors: z.array(object).default([]),
  created_at: instant.optional(),
});
type Fields = z.output<typeof fields>;

const CLAIMS = [
  'name',
  'nickname',
  'given_name',
  'family_name',
  'picture',
  'phone_number',
] as const;
/** What is made anew here, and what files of one connection say of it. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...Object.keys(fields.shape),
  'connection',
  'id',
  'identities',
  'tenant',
  'updated_at',
  '_tmp_is_unique',
]);
const totpFactor = z.object({ totp: z.object({ secret: z.string() }) });

/** Reads an entry of a file of users. What is `null` counts as not there. */
export function readFileUser(entry: unknown): ReadUser {
  const given = object.safeParse(entry).data;
  if (given === undefined) return { ok: false, problems: ['is no JSON object'] };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const { data, error } = fields.safeParse(known);
  if (error !== undefined) {
    const problems = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    return { ok: false, problems };
  }
  const hash = hashOf(data);
  const id = idOf(data);
  const problems = [
    ...(hash === 'unknown' ? [unknownHash(data)] : []),
    ...(id === 'foreign'
      ? [`user_id: ${data.user_id} is of another connection: only sub of auth0| can stay`]
      : []),
  ];
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, user: userOf(data, { id, hash }, known) };
}

function userOf(
  data: Fields,
  { id, hash }: { readonly id: string | undefined; readonly hash: string | undefined },
  known: JsonObject,
): FileUser {
  const { mfa_factors: factors } = data;
  const totp = factors.flatMap((one) => totpFactor.safeParse(one).data?.totp.secret ?? [])[0];
  return {
    account: {
      id,
      username: data.username,
      email: data.email,
      emailVerified: data.email_verified,
      passwordHash: hash,
      disabled: data.blocked,
      createdAt: data.created_at,
      claims: { ...claimsOf(known), ...proofOf(data) },
    },
    metadata: { user: data.user_metadata, app: data.app_metadata },
    totp,
    lost: [
      ...Object.keys(known).filter((name) => !UNDERSTOOD.has(name)),
      ...linkedIn(known['identities']),
      ...factors
        .flatMap(Object.keys)
        .filter((name) => name !== 'totp')
        .map((name) => `mfa_factors.${name}`),
    ],
  };
}

/** `foreign`: of an identity provider, whose users are called after it. */
function idOf({ user_id: userId, _id: raw }: Fields): string | undefined {
  if (userId === undefined) return raw?.$oid;
  if (!userId.includes('|')) return userId;
  return accountIdOf(userId) ?? 'foreign';
}

/** `unknown`: there is one, and no password could be held against it. */
function hashOf(data: Fields): string | undefined {
  const { custom_password_hash: custom } = data;
  if (custom === undefined) return data.password_hash ?? data.passwordHash;
  return passwordHashOf(custom) ?? 'unknown';
}

function unknownHash({ custom_password_hash: custom }: Fields): string {
  return `custom_password_hash: ${custom?.algorithm ?? ''} as it is given here cannot be verified`;
}

function claimsOf(known: JsonObject): JsonObject {
  return Object.fromEntries(
    CLAIMS.flatMap((name): [string, Json][] => {
      const value = known[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Nobody signs in by it: files have one number for several people. */
function proofOf({ phone_number: number, phone_verified: isVerified }: Fields): JsonObject {
  if (number === undefined || isVerified === undefined) return {};
  return { phone_number_verified: isVerified };
}

/** Identities beside the first are other ways in, by providers that are not here. */
function linkedIn(identities: Json | undefined): readonly string[] {
  return Array.isArray(identities) && identities.length > 1 ? ['identities'] : [];
}
