import type { Verdict } from './counted-checks.ts';
import type { FactorParts } from './factor-options.ts';
import { holdHolder } from './holder-queries.ts';
import {
  deleteRecoveryCodes,
  insertRecoveryCodes,
  unusedRecoveryCodes,
  usedAt,
  useRecoveryCode,
} from './recovery-code-queries.ts';
import { newRecoveryCode, readRecoveryCode, recoveryCodeHash } from './recovery-code-text.ts';
import type { RecoveryCodes } from './recovery-codes.ts';
import { activeAccount } from './standing.ts';
import { newUserHandle } from './user-handle.ts';

const CODES = 10;

/** Recovery codes, one row each. */
export function createRecoveryCodes(parts: FactorParts): RecoveryCodes {
  const { records, clock, audit, accounts, checks } = parts;
  const { queries } = records;
  const left = async (accountId: string): Promise<number> =>
    (await records.all(unusedRecoveryCodes(queries, accountId))).length;

  return {
    async renew(accountId, { by, origin }) {
      if ((await activeAccount(accounts, accountId)) === undefined) return undefined;
      const codes = Array.from({ length: CODES }, newRecoveryCode);
      const hashes = codes.map((code) => recoveryCodeHash(accountId, code));
      await checks.begin('recovery_code', accountId, origin);
      await records.write(
        // Or two that renew at once would leave both sets alive.
        holdHolder(queries, { account_id: accountId, user_handle: newUserHandle() }),
        deleteRecoveryCodes(queries, accountId),
        insertRecoveryCodes(queries, accountId, hashes),
      );
      await audit.record({ type: 'factor.added', factor: 'recovery_code', accountId, by, origin });
      return codes;
    },

    check: ({ code, ...attempt }) =>
      checks.guess('recovery_code', attempt, () => evaluate(attempt.accountId, code)),

    left,

    async remove(accountId, { by, origin }) {
      const [written] = await records.write(deleteRecoveryCodes(queries, accountId));
      if ((written?.rowsAffected ?? 0) === 0) return false;
      await audit.record({
        type: 'factor.removed',
        factor: 'recovery_code',
        accountId,
        by,
        origin,
      });
      return true;
    },
  };

  async function evaluate(
    accountId: string,
    typed: string,
  ): Promise<Verdict<{ readonly left: number }>> {
    const code = readRecoveryCode(typed);
    const hash = code && recoveryCodeHash(accountId, code);
    const row = hash && (await records.first(usedAt(queries, accountId, hash)));
    if (!hash || !row) return { isRight: false, reason: 'credentials' };
    if ((await activeAccount(accounts, accountId)) === undefined)
      return { isRight: false, reason: 'disabled' };
    const use = { accountId, hash, at: clock.now() };
    const [written] = await records.write(useRecoveryCode(queries, use));
    if (written?.rowsAffected !== 1) return { isRight: false, reason: 'used' };
    return { isRight: true, proven: { left: await left(accountId) } };
  }
}
