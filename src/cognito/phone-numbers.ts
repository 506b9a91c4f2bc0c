import type { Actor } from '../runtime/origin.ts';
import { isPhoneNumber } from '../accounts/phone-number.ts';
import { RecordConflict } from '../storage/records.ts';
import { CognitoException } from './exception.ts';
import { namingMedia } from './pool.ts';
import type { Room } from './room.ts';
import { updateUser } from './user-queries.ts';
import { loginKeyOf, type PoolUser } from './users.ts';

/** A telephone that text messages can go to. */
export interface Phone {
  readonly number: string;
  readonly isVerified: boolean;
}

/** Undefined: none, or one that is not in the form of E.164. */
export function phoneOf({ account: { claims } }: Pick<PoolUser, 'account'>): Phone | undefined {
  const { phone_number: number, phone_number_verified: isVerified } = claims;
  if (typeof number !== 'string' || !isPhoneNumber(number)) return undefined;
  return { number, isVerified: isVerified === true };
}

/** Whether codes to this address go by SMS: every other has an `@`. */
export function isNumber(address: string): boolean {
  return address.startsWith('+') && !address.includes('@');
}

/**
 * The number was shown to be theirs; where numbers are names, they sign in by it from now on.
 *
 * @throws {CognitoException} when it has become the name of somebody else.
 */
export async function verifyNumber(
  user: PoolUser,
  number: string,
  actor: Actor,
  { accounts, records, clock }: Pick<Room, 'accounts' | 'records' | 'clock'>,
): Promise<void> {
  await nameByNumber(user, number, { records, clock });
  // The number, too: another may have been written there since the code was sent.
  const claims = { phone_number: number, phone_number_verified: true };
  await accounts.update(user.account.id, { claims }, { editor: 'operator', actor });
}

/**
 * Has a user sign in by a number that is theirs, where numbers are names.
 *
 * @throws {CognitoException} when it has become the name of somebody else.
 */
export async function nameByNumber(
  { pool, row }: PoolUser,
  number: string,
  { records, clock }: Pick<Room, 'records' | 'clock'>,
): Promise<void> {
  const isByEmail = row.login_key.includes('@');
  if (!namingMedia(pool).includes('phone') || isByEmail) return;
  const columns = { login_key: loginKeyOf(number), updated_at: clock.now() };
  try {
    await records.write(updateUser(records.queries, row, columns));
  } catch (error) {
    if (!(error instanceof RecordConflict)) throw error;
    throw new CognitoException(
      'AliasExistsException',
      'An account with the given phone_number already exists.',
      { cause: error },
    );
  }
}
