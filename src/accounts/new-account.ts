import { randomId } from '../runtime/random.ts';
import type { AccountTable } from '../storage/tables.ts';
import type { NewAccount } from './accounts.ts';
import type { AttributeSchema } from './attributes.ts';
import { isKnownHash } from './hash-formats.ts';
import { foldEmail, foldUsername } from './login.ts';
import { claimsWithPhone, isPhoneNumber } from './phone-number.ts';
import { isAccountId } from './rules.ts';
import { standardClaims } from './standard-claims.ts';

/** The columns of an account that say who somebody is: all but the password and the times. */
export type Identity = Pick<
  AccountTable,
  | 'username'
  | 'username_key'
  | 'email'
  | 'email_key'
  | 'email_verified'
  | 'phone'
  | 'claims'
  | 'attributes'
  | 'owner'
>;

const USERNAME_EXPECTED =
  'username: must be letters and digits of one script, with . _ - between them, at most 64';
const PHONE_EXPECTED = 'phone: must be a telephone number such as +15551234567';

/** Every mistake of an account, but for its password in clear. */
export function identityProblems(
  account: NewAccount,
  attributes: AttributeSchema,
): readonly string[] {
  return [
    ...nameProblems(account),
    ...claimProblems(account),
    ...attributes.problems(account.attributes ?? {}),
    ...idProblems(account),
    ...hashProblems(account),
  ];
}

/** The columns of an account that has no mistakes. */
export function identityOf(account: NewAccount): Identity {
  return {
    ...nameColumns(account),
    email_verified: Number(account.emailVerified === true),
    phone: account.phone ?? null,
    claims: JSON.stringify(claimsWithPhone(account.claims ?? {}, account.phone)),
    attributes: JSON.stringify(account.attributes ?? {}),
    owner: Number(account.owner === true),
  };
}

/** A new `sub`. It never begins with `-`, which a command line would take for an option. */
export function newAccountId(): string {
  for (;;) {
    const id = randomId(16, 'account');
    if (isAccountId(id)) return id;
  }
}

function nameProblems({ username, email, phone }: NewAccount): readonly string[] {
  if (username === undefined && email === undefined && phone === undefined) {
    return ['a username, an e-mail address or a telephone number is missing'];
  }
  return [
    ...(username !== undefined && foldUsername(username) === undefined ? [USERNAME_EXPECTED] : []),
    ...(email !== undefined && foldEmail(email) === undefined
      ? ['email: is no e-mail address']
      : []),
    ...(phone !== undefined && !isPhoneNumber(phone) ? [PHONE_EXPECTED] : []),
  ];
}

function nameColumns({
  username,
  email,
}: NewAccount): Pick<Identity, 'username' | 'username_key' | 'email' | 'email_key'> {
  return {
    username: username ?? null,
    username_key: foldUsername(username ?? '') ?? null,
    email: email?.normalize('NFC') ?? null,
    email_key: foldEmail(email ?? '') ?? null,
  };
}

function claimProblems({ claims }: NewAccount): readonly string[] {
  const { error } = standardClaims.safeParse(claims ?? {});
  return (error?.issues ?? []).map(
    ({ path, message }) => `claims${path.map((step) => `.${String(step)}`).join('')}: ${message}`,
  );
}

function idProblems({ id }: NewAccount): readonly string[] {
  return id === undefined || isAccountId(id)
    ? []
    : ['id: must be 1 to 255 letters, digits, or . _ ~ - | :'];
}

function hashProblems({ password, passwordHash }: NewAccount): readonly string[] {
  if (passwordHash === undefined) return [];
  if (password !== undefined) return ['password: must not stand beside a password hash'];
  return isKnownHash(passwordHash)
    ? []
    : ['passwordHash: is of no known format, or dearer than this server is ready to pay for'];
}
