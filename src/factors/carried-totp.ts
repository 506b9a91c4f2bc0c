import { randomId } from '../runtime/random.ts';
import type { FactorParts } from './factor-options.ts';
import { secretIn } from './totp-codes.ts';
import { putTotp } from './totp-queries.ts';
import type { TotpSealing } from './totp-sealing.ts';
import type { Totp } from './totp.ts';

/** Authenticator apps that were set up elsewhere: sealed here, under our own key, for the account that they come with. */
export function createCarriedTotp(
  { clock, audit }: Pick<FactorParts, 'clock' | 'audit'>,
  sealing: Pick<TotpSealing, 'seal'>,
): Totp['carried'] {
  return (given) => {
    const secret = secretIn(given);
    if (secret === undefined) return undefined;
    return {
      statements: (queries, accountId) => [
        putTotp(queries, {
          account_id: accountId,
          enrolment: randomId(),
          secret_sealed: sealing.seal(secret, accountId),
          last_step: 0,
          created_at: clock.now(),
          last_used_at: null,
        }),
      ],
      record: (accountId, { by, origin }) =>
        audit.record({ type: 'factor.added', factor: 'totp', accountId, by, origin }),
    };
  };
}
