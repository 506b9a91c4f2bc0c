import { z } from 'zod';
import { duration, httpUrl, sensitive } from '../config/values.ts';
import { foldEmail, foldUsername } from './login.ts';
import { isPhoneNumber } from './phone-number.ts';
import { isAccountId, isPasswordHash } from './rules.ts';
import { standardClaims } from './standard-claims.ts';

/** Of one sign-in name; an account has two (NIST SP 800-63B section 3.2.2: at most 100 an account). */
const FAILURES_IN_A_ROW_MAX = 50;

const json = z.json().describe('Any value.');

const person = z
  .strictObject({
    id: z
      .string()
      .refine(isAccountId, { error: 'expected 1 to 255 letters, digits, or . _ ~ - | :' })
      .optional()
      .describe('The `sub` of every token, for ever; left out: derived from username or e-mail.'),
    username: z
      .string()
      .refine((name) => foldUsername(name) !== undefined, {
        error: 'expected letters and digits of one script, with . _ - between them, at most 64',
      })
      .optional()
      .describe('Name to sign in with; upper and lower case are the same.'),
    email: z
      .string()
      .refine((email) => foldEmail(email) !== undefined, { error: 'expected an e-mail address' })
      .optional()
      .describe('E-mail address to sign in with.'),
    emailVerified: z.boolean().default(false).describe('Whether the address was verified.'),
    phone: z
      .string()
      .refine(isPhoneNumber, { error: 'expected a telephone number such as "+15551234567"' })
      .optional()
      .describe(
        'Telephone number to sign in with, shown to be theirs (E.164); also their claim `phone_number`.',
      ),
    password: sensitive()
      .optional()
      .describe('Password in clear, for the dev profile only; elsewhere write `passwordHash`.'),
    passwordHash: sensitive()
      .refine(isPasswordHash, { error: 'expected an Argon2id hash: $argon2id$v=19$m=...' })
      .optional()
      .describe('Argon2id hash of the password as a PHC string; left out: no password.'),
    owner: z
      .boolean()
      .default(false)
      .describe('Owns this installation: cannot delete their account at the account page.'),
    claims: standardClaims
      .prefault({})
      .describe('Standard claims (OpenID Connect Core section 5.1).'),
    attributes: z
      .record(z.string().min(1).max(100), json)
      .default({})
      .describe('Attributes of the installation, such as roles and groups.'),
  })
  .refine(({ username, email, phone }) => (username ?? email ?? phone) !== undefined, {
    path: ['username'],
    error:
      'is missing: a person needs a username, an e-mail address or a telephone number to sign in with',
  })
  .refine(({ password, passwordHash }) => password === undefined || passwordHash === undefined, {
    path: ['password'],
    error: 'must not stand beside passwordHash: one of them is enough',
  });

/** People that the configuration declares: made or brought up to date at start, never twice. */
export const peopleConfig = z
  .array(person)
  .default([])
  .superRefine((people, context) => {
    for (const { index, field } of repeated(people)) {
      context.addIssue({ code: 'custom', path: [index, field], message: 'is taken by another' });
    }
  })
  .describe('People that are made or brought up to date at start.');

const passwordSettings = z.strictObject({
  charactersMin: z
    .int()
    .min(8)
    .max(64)
    .default(8)
    .describe('Characters that a new password has at least; 15 where it is the only factor.'),
  refuseCommon: z
    .boolean()
    .default(true)
    .describe('Refuses new passwords that everybody guesses first.'),
  breachService: httpUrl()
    .optional()
    .describe(
      'Range service to ask whether a new password has leaked, such as https://api.pwnedpasswords.com/range; it learns five of forty digits of a hash.',
    ),
});

const argon2Settings = z.strictObject({
  memoryKib: z.int().min(7168).max(262_144).default(19_456).describe('Memory of one hash, in KiB.'),
  iterations: z.int().min(1).max(16).default(2).describe('Passes over the memory.'),
  parallelism: z.int().min(1).max(4).default(1).describe('Lanes of one hash.'),
  atOnce: z
    .union([z.literal('auto'), z.int().min(1).max(64)])
    .default('auto')
    .describe(
      'Hashes that run at once, never more than the machine has cores; auto: one core is left to all else.',
    ),
  waitingMax: z
    .int()
    .min(0)
    .max(10_000)
    .default(100)
    .describe('Sign-ins that wait for their turn; the next is asked to come again (503).'),
});

const limitSettings = z.strictObject({
  window: duration('15m').describe('How long failures at an address are remembered.'),
  perPath: z
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe('Failures of one sign-in name from one address within the window.'),
  perAddress: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('Failures from one address (IPv6: one /64) within the window.'),
  overall: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(5000)
    .describe('Failures from all addresses within the window.'),
  strangers: z
    .int()
    .min(1)
    .max(49)
    .default(30)
    .describe('Failures in a row of one sign-in name from addresses it never signed in from.'),
  acquaintances: z
    .int()
    .min(1)
    .max(49)
    .default(20)
    .describe('Failures in a row of one sign-in name from addresses it has signed in from.'),
  rowForgottenAfter: duration('30d').describe(
    'How long failures in a row are remembered unless a sign-in succeeds or the password is set.',
  ),
  addressKnownFor: duration('90d').describe(
    'How long an address is known as good for a sign-in name after it signed in from there.',
  ),
});

/** How a password is kept, checked, and kept from being guessed. */
export const signInConfig = z
  .strictObject({
    password: passwordSettings.prefault({}).describe('What a new password must be.'),
    argon2: argon2Settings.prefault({}).describe('How passwords are hashed (Argon2id).'),
    limits: limitSettings.prefault({}).describe('How many failures are put up with.'),
  })
  .refine(({ limits }) => limits.strangers + limits.acquaintances <= FAILURES_IN_A_ROW_MAX, {
    path: ['limits', 'strangers'],
    error: `must be at most ${FAILURES_IN_A_ROW_MAX} together with acquaintances: an account has two sign-in names, and NIST SP 800-63B allows 100 failures in a row`,
  })
  .prefault({});

/** A person as the configuration declares them. */
export type DeclaredPerson = z.output<typeof person>;
export type SignInSettings = z.output<typeof signInConfig>;

interface Repeated {
  readonly index: number;
  readonly field: 'id' | 'username' | 'email' | 'phone';
}

/** Ids and sign-in names that an earlier person has already. */
function repeated(people: readonly DeclaredPerson[]): readonly Repeated[] {
  const seen = new Set<string>();
  return people.flatMap((one, index) =>
    keysOf(one).flatMap(([field, key]) => {
      if (key === undefined || !seen.has(`${field} ${key}`)) {
        seen.add(`${field} ${key}`);
        return [];
      }
      return [{ index, field }];
    }),
  );
}

function keysOf({
  id,
  username,
  email,
  phone,
}: DeclaredPerson): readonly (readonly [Repeated['field'], string | undefined])[] {
  return [
    ['id', id],
    ['username', foldUsername(username ?? '')],
    ['email', foldEmail(email ?? '')],
    ['phone', phone],
  ];
}
