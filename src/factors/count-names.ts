import type { Sealer } from '../runtime/sealing.ts';
import type { FactorKind } from './factors.ts';
import { createKeyedDigests } from './keyed-digests.ts';

/** Kinds of secrets that can be guessed, each with failures of its own. */
export type Guessable = Extract<FactorKind, 'totp' | 'recovery_code' | 'email_code' | 'sms_code'>;

export const GUESSABLE: readonly Guessable[] = ['totp', 'recovery_code', 'email_code', 'sms_code'];

/**
 * Under which name the throttle of the accounts counts one kind of an account's secrets. Keyed, since whatever a
 * stranger types as a sign-in name is counted under that name.
 */
export function createCountNames(
  sealer: Pick<Sealer, 'keysFor'>,
): (factor: Guessable, accountId: string) => string {
  const names = createKeyedDigests(sealer, 'names of counts');
  return (factor, accountId) => names.digest(`${factor} ${accountId}`);
}
