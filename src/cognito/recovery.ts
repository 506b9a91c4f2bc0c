import type { Factors } from '../factors/factors.ts';
import { CognitoException } from './exception.ts';
import { MFA_NAMES, mfaOf } from './mfa.ts';
import type { Pool } from './pool.ts';
import type { PoolUser } from './users.ts';

/**
 * Where the code for a new password goes: what the pool recovers by, once it was verified. Never where a second factor of theirs
 * goes, or whoever reads that alone would get in. Undefined: nowhere.
 */
export async function recoveryAddress(
  user: PoolUser,
  factors: Pick<Factors, 'of'>,
): Promise<string | undefined> {
  const { account, pool } = user;
  const isOpen = account.state === 'active' && pool.recoverBy.includes('email');
  if (!isOpen || !account.emailVerified) return undefined;
  const { names } = await mfaOf(user, factors);
  return names.includes(MFA_NAMES.email) ? undefined : account.email;
}

/** @throws {CognitoException} where operators alone give new passwords. */
export function checkRecovers({ recoverBy }: Pick<Pool, 'recoverBy'>): void {
  if (recoverBy.length === 0)
    throw new CognitoException(
      'NotAuthorizedException',
      'Contact administrator to reset password.',
    );
}
