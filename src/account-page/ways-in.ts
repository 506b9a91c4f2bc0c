import type { FactorSummary } from '../factors/factors.ts';
import type { AuthenticationSettings } from '../flows/config.ts';

/** What can be taken away of what somebody has. */
export type Taken =
  | { readonly kind: 'password' }
  | { readonly kind: 'passkey'; readonly id: string };

/** Whether somebody could still sign in without it. Second factors are not ways in. */
export function canDoWithout(
  taken: Taken,
  has: FactorSummary,
  allowed: Pick<AuthenticationSettings, 'password' | 'passkeys' | 'emailCode'>,
): boolean {
  const passkeys = has.passkeys.filter(({ id }) => taken.kind !== 'passkey' || id !== taken.id);
  return (
    (allowed.password && has.password && taken.kind !== 'password') ||
    (allowed.passkeys && passkeys.length > 0) ||
    (allowed.emailCode && has.verifiedEmail !== undefined)
  );
}
