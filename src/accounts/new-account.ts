import { randomId } from '../runtime/random.ts';
import type { AccountTable } from '../storage/tables.ts';
import { InvalidAccount, type NewAccount } from './accounts.ts';
import { foldEmail, foldUsername } from './login.ts';
import { isAccountId, isPasswordHash, passwordProblem, type PasswordRules } from './rules.ts';
import { standardClaims } from './standard-claims.ts';

/** The columns of an account that say who somebody is: all but the password and the times. */
export type Identity = Pick<
  AccountTable,
  | 'username'
  | 'username_key'
  | 'email'
  | 'email_key'
  | 'email_verified'
  | 'claims'
  | 'attributes'
  | 'owner'
>;

const ATTRIBUTES_CHARACTERS_MAX = 16_384;
const USERNAME_EXPECTED =
  'username: must be letters and digits of one script, with . _ - between them, at most 64';

/**
 * Checks a new account.
 *
 * @throws {InvalidAccount} with every mistake.
 */
export function readIdentity(account: NewAccount, rules: PasswordRules): Identity {
  const problems = [
    ...nameProblems(account),
    ...claimProblems(account),
    ...idProblems(account),
    ...passwordProblems(account, rules),
  ];
  if (problems.length > 0) throw new InvalidAccount(problems);
  return {
    ...nameColumns(account),
    email_verified: Number(account.emailVerified === true),
    claims: JSON.stringify(account.claims ?? {}),
    attributes: JSON.stringify(account.attributes ?? {}),
    owner: Number(account.owner === true),
  };
}

/** A new `sub`. It never begins with `-`, which a command line would take for an option. */
export function newAccountId(): string {
  for (;;) {
    const id = randomId();
    if (isAccountId(id)) return id;
  }
}

/** The names that a password must not be made of. */
export function namesOf({ username, email }: Pick<NewAccount, 'username' | 'email'>): string[] {
  return [username, email, email?.split('@')[0]].filter((name) => name !== undefined);
}

function nameProblems({ username, email }: NewAccount): readonly string[] {
  if (username === undefined && email === undefined) {
    return ['a username or an e-mail address is missing'];
  }
  return [
    ...(username !== undefined && foldUsername(username) === undefined ? [USERNAME_EXPECTED] : []),
    ...(email !== undefined && foldEmail(email) === undefined
      ? ['email: is no e-mail address']
      : []),
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

function claimProblems({ claims, attributes }: NewAccount): readonly string[] {
  const { error } = standardClaims.safeParse(claims ?? {});
  const problems = (error?.issues ?? []).map(
    ({ path, message }) => `claims${path.map((step) => `.${String(step)}`).join('')}: ${message}`,
  );
  const isTooLarge = JSON.stringify(attributes ?? {}).length > ATTRIBUTES_CHARACTERS_MAX;
  return isTooLarge ? [...problems, 'attributes: are too large'] : problems;
}

function idProblems({ id }: NewAccount): readonly string[] {
  return id === undefined || isAccountId(id)
    ? []
    : ['id: must be 1 to 255 letters, digits, or . _ ~ - | :'];
}

function passwordProblems(account: NewAccount, rules: PasswordRules): readonly string[] {
  const { password, passwordHash } = account;
  if (password !== undefined && passwordHash !== undefined) {
    return ['password: must not stand beside a password hash'];
  }
  if (passwordHash !== undefined && !isPasswordHash(passwordHash)) {
    return ['passwordHash: is no Argon2id hash that this server is ready to pay for'];
  }
  const problem =
    password === undefined ? undefined : passwordProblem(password, rules, namesOf(account));
  return problem === undefined ? [] : [`password: ${problem}`];
}
