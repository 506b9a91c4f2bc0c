import { z } from 'zod';
import type { Json, JsonObject } from '../runtime/json.ts';
import type { NewAccount } from './accounts.ts';
import { phoneOf } from './phone-number.ts';
import { standardClaims } from './standard-claims.ts';

/** One person of a file to import, and what of them has no place here. */
export interface ImportedPerson {
  readonly account: NewAccount;
  /** Names of the groups that the person is in. */
  readonly groups: readonly string[];
  readonly roles: readonly ImportedRole[];
  /** What the person may do at APIs without a role. */
  readonly permissions: readonly { readonly api: string; readonly name: string }[];
  /** Of an authenticator app: base32, or `otpauth://totp/...`. */
  readonly totp: string | undefined;
  /** Names of fields that are not carried over. */
  readonly lost: readonly string[];
}

/** What a line of the file says. */
export type ImportLine =
  | ({ readonly ok: true } & ImportedPerson)
  | { readonly ok: false; readonly problems: readonly string[] };

/** A role that a person holds; `api` left out: one of the installation. */
export interface ImportedRole {
  readonly api?: string | undefined;
  readonly name: string;
}

/** Longer lines are no people. */
const CHARACTERS_MAX = 65_536;

const terms = z.strictObject({ version: z.string(), acceptedAt: z.int() });
/** A NumericDate, or an instant in words. */
const time = z.union([
  z.int(),
  z.iso.datetime({ offset: true }).transform((text) => Math.floor(Date.parse(text) / 1000)),
]);
/** A role of the installation by its name alone. */
const role = z.union([
  z.string().transform((name) => ({ name })),
  z.strictObject({ name: z.string(), api: z.string().optional() }),
]);
const object = z.record(z.string(), z.json());

/** Fields by the names under which we export them. */
const fields = z.object({
  id: z.string().optional(),
  username: z.string().optional(),
  email: z.string().optional(),
  emailVerified: z.boolean().optional(),
  phone: z.string().optional(),
  passwordHash: z.string().optional(),
  mustChangePassword: z.boolean().optional(),
  claims: object.optional(),
  attributes: object.optional(),
  owner: z.boolean().optional(),
  disabled: z.boolean().optional(),
  expiresAt: time.optional(),
  terms: terms.optional(),
  createdAt: time.optional(),
  groups: z.array(z.string()).default([]),
  roles: z.array(role).default([]),
  permissions: z.array(z.strictObject({ api: z.string(), name: z.string() })).default([]),
  totp: z.string().optional(),
});

/** Other names by which the same is known: of OpenID Connect, SCIM and the exports of other systems. */
const ALIASES: Readonly<Record<string, keyof z.output<typeof fields>>> = {
  sub: 'id',
  user_id: 'id',
  userName: 'username',
  email_verified: 'emailVerified',
  password_hash: 'passwordHash',
  blocked: 'disabled',
  created_at: 'createdAt',
};
/** What an export of ours has beside what is imported: made anew here. */
const OURS: ReadonlySet<string> = new Set(['state', 'hasPassword', 'updatedAt']);

/**
 * One line of a file of people: JSON, with fields as `latchkey person export` writes them, standard claims at the top
 * or under `claims`. What is `null` counts as not there.
 */
export function readImportLine(line: string): ImportLine {
  if (line.length > CHARACTERS_MAX) return { ok: false, problems: ['is too long for one person'] };
  const given = parseObject(line);
  if (given === undefined) return { ok: false, problems: ['is no JSON object'] };
  const { known, claims, lost } = sorted(given);
  const { data, error } = fields.safeParse(known);
  if (error) {
    return {
      ok: false,
      problems: error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    };
  }
  const { groups, roles, permissions, totp, phone, ...account } = data;
  const allClaims = { ...claims, ...data.claims };
  const isDisabled = data.disabled ?? given['state'] === 'disabled';
  return {
    ok: true,
    // Others call `phone` what nobody has shown to be theirs.
    account: {
      ...account,
      phone: phoneOf(phone, allClaims),
      claims: allClaims,
      disabled: isDisabled,
    },
    groups,
    roles,
    permissions,
    totp,
    lost,
  };
}

interface Sorted {
  readonly known: JsonObject;
  readonly claims: JsonObject;
  readonly lost: readonly string[];
}

/** Each field to where it belongs. */
function sorted(given: JsonObject): Sorted {
  const known: Record<string, Json> = {};
  const claims: Record<string, Json> = {};
  const lost: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === null || OURS.has(name)) continue;
    const field = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
    if (field !== undefined && Object.hasOwn(fields.shape, field)) known[field] ??= value;
    else if (Object.hasOwn(standardClaims.shape, name)) claims[name] = value;
    else lost.push(name);
  }
  return { known, claims, lost };
}

function parseObject(line: string): JsonObject | undefined {
  try {
    return object.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
