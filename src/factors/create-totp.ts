import type { Account } from '../accounts/accounts.ts';
import { randomId } from '../runtime/random.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { TotpTable } from '../storage/tables.ts';
import type { FactorParts } from './factor-options.ts';
import { qrCodeOf } from './qr-code.ts';
import { activeAccount } from './standing.ts';
import { enrolmentUri, grouped, newSecret, stepOf } from './totp-codes.ts';
import { createCarriedTotp } from './carried-totp.ts';
import { createTotpCheck } from './totp-check.ts';
import { deleteTotp, putTotp, totpOf } from './totp-queries.ts';
import { resealTotp } from './totp-reseal.ts';
import { createTotpSealing } from './totp-sealing.ts';
import type { Totp, TotpEnrolled } from './totp.ts';

/** Authenticator apps, and what the room itself needs of them. */
export interface TotpPart extends Totp {
  enrolled(accountId: string): Promise<TotpEnrolled | undefined>;
  reseal(next: Sealer): Promise<number>;
}

/** Authenticator apps, one row each; the row's last step makes every code good once. */
export function createTotp(parts: FactorParts): TotpPart {
  const { records, clock, audit, accounts, checks } = parts;
  const { queries } = records;
  const sealing = createTotpSealing(parts.sealer);
  const judge = createTotpCheck(parts, sealing);
  const rowOf = (accountId: string): Promise<TotpTable | undefined> =>
    records.first(totpOf(queries, accountId));

  return {
    async beginEnrolment(accountId) {
      const account = await activeAccount(accounts, accountId);
      if (account === undefined) return undefined;
      const secret = newSecret();
      const uri = enrolmentUri(secret, parts.installationName, labelOf(account));
      const sealed = sealing.sealEnrolment({ id: randomId(), secret }, accountId);
      return { sealed, uri, qr: qrCodeOf(uri), key: grouped(secret) };
    },

    async finishEnrolment({ accountId, sealed, code, actor }) {
      const open = sealing.openEnrolment(sealed, accountId);
      const step = open && stepOf(code, open.secret, clock.nowMs());
      if (open === undefined || step === undefined) return false;
      if ((await activeAccount(accounts, accountId)) === undefined) return false;
      await checks.begin('totp', accountId, actor.origin);
      const [written] = await records.write(
        putTotp(queries, {
          account_id: accountId,
          enrolment: open.id,
          secret_sealed: sealing.seal(open.secret, accountId),
          last_step: step,
          created_at: clock.now(),
          last_used_at: null,
        }),
      );
      if (written?.rowsAffected !== 1) return false;
      const { by, origin } = actor;
      await audit.record({ type: 'factor.added', factor: 'totp', accountId, by, origin });
      return true;
    },

    check: ({ code, ...attempt }) =>
      checks.guess('totp', attempt, () => judge(attempt.accountId, code)),

    carried: createCarriedTotp(parts, sealing),

    async remove(accountId, { by, origin }) {
      const [written] = await records.write(deleteTotp(queries, accountId));
      if (written?.rowsAffected !== 1) return false;
      await audit.record({ type: 'factor.removed', factor: 'totp', accountId, by, origin });
      return true;
    },

    async enrolled(accountId) {
      const row = await rowOf(accountId);
      return row && { createdAt: row.created_at, lastUsedAt: row.last_used_at ?? undefined };
    },

    reseal: (next) => resealTotp(parts, next),
  };
}

/** What the app shows beside the name of the installation. */
function labelOf({ email, username, id }: Account): string {
  return email ?? username ?? id;
}
