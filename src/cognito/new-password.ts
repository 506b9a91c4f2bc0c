import { InvalidAccount, PasswordsBusy, type Account } from '../accounts/accounts.ts';
import type { Actor } from '../runtime/origin.ts';
import { CognitoException, incorrectCredentials } from './exception.ts';
import type { PasswordPolicy, Pool } from './pool.ts';
import type { Room } from './room.ts';
import type { PoolUser } from './users.ts';

/**
 * Sets a password by the pool's policy and by the rules of the house, and keeps what SRP needs of it. Ends every session and token of the
 * account. Gives the user as they were before. `claim` is called once nothing speaks against it any more.
 *
 * @throws {CognitoException}
 */
export async function setNewPassword(
  change: { readonly user: PoolUser; readonly password: string; readonly actor: Actor },
  room: Room,
  claim: () => Promise<void> = async () => undefined,
): Promise<PoolUser> {
  const { user, password } = change;
  const { account, row } = user;
  await checkNewPassword(password, { pool: user.pool, owner: account }, room);
  await claim();
  if (!(await saved(change, room))) throw incorrectCredentials();
  // The next password but this one: another that was set meanwhile keeps this verifier out.
  const next = { ...row, password_number: row.password_number + 1 };
  await room.srpSecrets.keep({ ...user, row: next }, password);
  return user;
}

type PasswordOwner = Pick<Account, 'username' | 'email' | 'claims'>;

/** By the pool's policy and by the rules of the house. @throws {CognitoException} */
export async function checkNewPassword(
  password: string,
  { pool, owner }: { readonly pool: Pool; readonly owner: PasswordOwner | undefined },
  { accounts }: Pick<Room, 'accounts'>,
): Promise<void> {
  checkPolicy(password, pool.passwordPolicy);
  const { username, email, claims = {} } = owner ?? {};
  const review = await accounts.checkNewPassword(password, { username, email, claims });
  if (!review.ok) throw notByPolicy(review.problems.map(({ key }) => key).join(', '));
}

async function saved(
  { user, password, actor }: Parameters<typeof setNewPassword>[0],
  { accounts }: Room,
): Promise<boolean> {
  try {
    return await accounts.setPassword(user.account.id, password, actor);
  } catch (error) {
    if (error instanceof InvalidAccount) throw notByPolicy(error.message, error);
    if (error instanceof PasswordsBusy)
      throw new CognitoException('TooManyRequestsException', 'Too many requests', { cause: error });
    throw error;
  }
}

/** @throws {CognitoException} */
export function checkPolicy(password: string, policy: PasswordPolicy): void {
  const rules: readonly (readonly [boolean, string])[] = [
    [password.length >= policy.minimumLength, 'Password not long enough'],
    [
      !policy.requireUppercase || /\p{Lu}/u.test(password),
      'Password must have uppercase characters',
    ],
    [
      !policy.requireLowercase || /\p{Ll}/u.test(password),
      'Password must have lowercase characters',
    ],
    [!policy.requireNumbers || /\d/.test(password), 'Password must have numeric characters'],
    [
      !policy.requireSymbols || /[^\p{L}\p{N}]/u.test(password),
      'Password must have symbol characters',
    ],
  ];
  for (const [isMet, problem] of rules) if (!isMet) throw notByPolicy(problem);
}

function notByPolicy(problem: string, cause?: Error): CognitoException {
  const message = `Password did not conform with policy: ${problem}`;
  return new CognitoException('InvalidPasswordException', message, { cause });
}
