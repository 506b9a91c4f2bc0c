import type { FactorSummary } from '../factors/factors.ts';
import type { Pages } from './pages.ts';
import { shownPasskey } from './passkeys.ts';
import type { Room } from './room.ts';
import type { Step } from './visit.ts';

/** How somebody signs in, at one glance. */
export function createSecurity({ factors, authentication, show }: Room): Step {
  return async (visit) => {
    const { account } = visit;
    const has = await factors.of(account.id);
    await show(visit, 'account/security', {
      hasPassword: account.hasPassword,
      arePasskeysOffered: authentication.passkeys && factors.passkeys.available,
      ...(has === undefined ? NOTHING : shown(has)),
    });
  };
}

type Shown = Omit<Pages['account/security'], 'hasPassword' | 'arePasskeysOffered'>;
const NOTHING: Shown = { passkeys: [], appSince: 0, appUsedAt: 0, recoveryCodes: 0 };

function shown({ passkeys, totp, recoveryCodes }: FactorSummary): Shown {
  return {
    passkeys: passkeys.map(shownPasskey),
    appSince: totp?.createdAt ?? 0,
    appUsedAt: totp?.lastUsedAt ?? 0,
    recoveryCodes,
  };
}
