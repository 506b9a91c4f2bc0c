import { recoveryCodesFile } from '../factors/recovery-codes-file.ts';
import { seeOther } from '../http/page.ts';
import type { Room } from './room.ts';
import type { Step } from './visit.ts';

/** Codes for the day on which everything else is lost. They are shown in the answer that made them, and never again. */
export function createRecoveryCodes({ factors, notices, issuer, show }: Room): {
  readonly show: Step;
  readonly renew: Step;
} {
  const { recoveryCodes } = factors;
  return {
    async show(visit) {
      const left = await recoveryCodes.left(visit.account.id);
      await show(visit, 'account/recovery-codes', { left, codes: [], download: '' });
    },
    async renew(visit) {
      const { ctx, account, actor } = visit;
      const codes = await recoveryCodes.renew(account.id, actor);
      if (codes === undefined) {
        seeOther(ctx, '/account/security');
        return;
      }
      await notices.tell(visit, 'recovery-codes-made');
      const download = recoveryCodesFile(issuer, codes);
      await show(visit, 'account/recovery-codes', { left: codes.length, codes, download });
    },
  };
}
