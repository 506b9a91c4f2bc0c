import { CognitoException } from './exception.ts';
import { MFA_NAMES, mfaOf } from './mfa.ts';
import { phoneOf } from './phone-numbers.ts';
import type { Pool } from './pool.ts';
import type { Room } from './room.ts';
import type { PoolUser } from './users.ts';

/**
 * Where the code for a new password goes: what the pool recovers by, once it was verified. Never where a second factor of theirs
 * goes, or whoever reads that alone would get in. Undefined: nowhere.
 */
export async function recoveryAddress(
  user: PoolUser,
  { factors, sms }: Pick<Room, 'factors' | 'sms'>,
): Promise<string | undefined> {
  const { account, pool } = user;
  if (account.state !== 'active') return undefined;
  const { names } = await mfaOf(user, factors);
  const phone = phoneOf(user);
  const addresses = {
    email: account.emailVerified && !names.includes(MFA_NAMES.email) ? account.email : undefined,
    phone:
      sms.isAvailable && phone?.isVerified === true && !names.includes(MFA_NAMES.sms)
        ? phone.number
        : undefined,
  };
  return pool.recoverBy.map((medium) => addresses[medium]).find((one) => one !== undefined);
}

/** @throws {CognitoException} where operators alone give new passwords. */
export function checkRecovers({ recoverBy }: Pick<Pool, 'recoverBy'>): void {
  if (recoverBy.length === 0)
    throw new CognitoException(
      'NotAuthorizedException',
      'Contact administrator to reset password.',
    );
}
