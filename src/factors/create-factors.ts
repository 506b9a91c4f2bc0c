import type { SignInSettings } from '../accounts/config.ts';
import { createCountedChecks } from './counted-checks.ts';
import { createEmailCodes } from './create-email-codes.ts';
import { createPasskeys } from './create-passkeys.ts';
import { createRecoveryCodes } from './create-recovery-codes.ts';
import { createRememberedDevices } from './create-remembered-devices.ts';
import { createTotp } from './create-totp.ts';
import { createFailureView } from './failure-view.ts';
import type { FactorParts } from './factor-options.ts';
import type { FactorKind, Factors } from './factors.ts';

export interface FactorsOptions extends Omit<FactorParts, 'checks'> {
  /** How many failures are put up with: as with passwords, for each kind of secret by itself. */
  readonly limits: SignInSettings['limits'];
}

/** Factors in records, and what is short-lived in state. Nothing of them is cached. */
export function createFactors(options: FactorsOptions): Factors {
  const checks = createCountedChecks(options);
  const parts = { ...options, checks };
  const passkeys = createPasskeys(parts);
  const totp = createTotp(parts);
  const recoveryCodes = createRecoveryCodes(parts);
  const devices = createRememberedDevices(parts);

  return {
    passkeys,
    totp,
    recoveryCodes,
    emailCodes: createEmailCodes(parts, 'email'),
    smsCodes: createEmailCodes(parts, 'sms'),
    devices,
    failures: createFailureView(options),
    forgive: (accountId) => checks.forgive(accountId),
    reseal: (next) => totp.reseal(next),

    async of(accountId, known) {
      const account = known ?? (await options.accounts.find(accountId));
      if (account === undefined) return undefined;
      const [theirPasskeys, app, codes] = await Promise.all([
        passkeys.list(accountId),
        totp.enrolled(accountId),
        recoveryCodes.left(accountId),
      ]);
      return {
        password: account.hasPassword,
        passkeys: theirPasskeys,
        totp: app,
        recoveryCodes: codes,
        verifiedEmail: account.emailVerified ? account.email : undefined,
      };
    },

    async removeAll(accountId, actor) {
      const removed: FactorKind[] = [];
      for (const { id } of await passkeys.list(accountId))
        if (await passkeys.remove(accountId, id, actor)) removed.push('passkey');
      if (await totp.remove(accountId, actor)) removed.push('totp');
      if (await recoveryCodes.remove(accountId, actor)) removed.push('recovery_code');
      if ((await devices.forgetAll(accountId, actor)) > 0) removed.push('remembered_device');
      await checks.forgive(accountId);
      return removed;
    },
  };
}
