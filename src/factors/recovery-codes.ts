import type { Actor } from '../runtime/origin.ts';
import type { FactorAttempt, FactorOutcome } from './factors.ts';

/** Codes on paper, for when everything else is lost. */
export interface RecoveryCodes {
  /**
   * Ten new codes of 80 bits (`7K2M-9QXD-3HVA-WE5T`), to be shown once; the old ones are good no more. Undefined: no
   * account that may enrol. Audited.
   */
  renew(accountId: string, actor: Actor): Promise<readonly string[] | undefined>;
  /** Each code once, however it is spaced and in whatever case. Audited. */
  check(
    attempt: FactorAttempt & { readonly code: string },
  ): Promise<FactorOutcome<{ readonly left: number }>>;
  /** How many have not been used. */
  left(accountId: string): Promise<number>;
  /** False: there were none. Audited. */
  remove(accountId: string, actor: Actor): Promise<boolean>;
}
