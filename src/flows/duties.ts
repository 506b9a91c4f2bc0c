import type { AuthenticationSettings } from './config.ts';
import type { Proof } from './proofs.ts';
import type { SecondFactorPolicy } from './requirement.ts';

/** What an installation asks of whoever has proven who they are. */
export interface Duties {
  /** Nobody goes on whose e-mail address was not shown to be theirs. */
  readonly requireVerifiedEmail: boolean;
  /** Nobody goes on who has not accepted this version; undefined: whatever was accepted. */
  readonly terms: { readonly version: string } | undefined;
}

/** What somebody still has to do. */
export type Duty = 'new-password' | 'verify-email' | 'terms';

/** An account, as far as it has duties. */
interface Owing {
  readonly mustChangePassword: boolean;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly terms: { readonly version: string } | undefined;
}

/** The first that keeps somebody who has proven everything from being let in; undefined: none. */
export function openDuty(
  account: Owing,
  proofs: readonly Proof[],
  { requireVerifiedEmail, terms }: Duties,
): Duty | undefined {
  const isByPassword = proofs.some(({ method }) => method === 'password');
  if (isByPassword && account.mustChangePassword) return 'new-password';
  const isUnverified = account.email !== undefined && !account.emailVerified;
  if (requireVerifiedEmail && isUnverified) return 'verify-email';
  const isAccepted = terms === undefined || account.terms?.version === terms.version;
  return isAccepted ? undefined : 'terms';
}

/**
 * When somebody is asked for a second factor: as the client says, else the installation, and always where a group
 * of theirs wants it. `groups`: the names of theirs, asked for only where they count.
 */
export async function secondFactorFor(
  ofClient: SecondFactorPolicy | undefined,
  settings: AuthenticationSettings,
  groups: () => Promise<readonly string[]>,
): Promise<SecondFactorPolicy> {
  const policy = ofClient ?? settings.secondFactor;
  if (policy === 'required' || settings.secondFactorForGroups.length === 0) return policy;
  const names = await groups();
  return settings.secondFactorForGroups.some((name) => names.includes(name)) ? 'required' : policy;
}
