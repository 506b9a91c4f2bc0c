import { SealBroken } from '../runtime/sealing.ts';
import type { TotpTable } from '../storage/tables.ts';
import type { Verdict } from './counted-checks.ts';
import type { FactorParts } from './factor-options.ts';
import { activeAccount } from './standing.ts';
import { stepOf } from './totp-codes.ts';
import { totpOf, useStep } from './totp-queries.ts';
import type { TotpSealing } from './totp-sealing.ts';

/** Judges a code of an authenticator app, and uses it up. */
export function createTotpCheck(
  { records, clock, accounts, logger }: FactorParts,
  sealing: TotpSealing,
): (accountId: string, code: string) => Promise<Verdict> {
  const { queries } = records;

  return async (accountId, code) => {
    const row = await records.first(totpOf(queries, accountId));
    const secret = row && openSecret(row);
    const step = secret === undefined ? undefined : stepOf(code, secret, clock.nowMs());
    if (row === undefined || step === undefined) return { isRight: false, reason: 'credentials' };
    if ((await activeAccount(accounts, accountId)) === undefined)
      return { isRight: false, reason: 'disabled' };
    const [written] = await records.write(useStep(queries, row, { step, at: clock.now() }));
    if (written?.rowsAffected !== 1) return { isRight: false, reason: 'used' };
    return { isRight: true, proven: {} };
  };

  /** Undefined, and told: the master key that sealed it is gone. The person needs another factor meanwhile. */
  function openSecret(row: TotpTable): string | undefined {
    const accountId = row.account_id;
    try {
      return sealing.open(row.secret_sealed, accountId);
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      logger.error(
        { event: 'totp.unreadable', accountId, error },
        'the secret of an authenticator app cannot be opened',
      );
      return undefined;
    }
  }
}
