import type { Account } from '../accounts/accounts.ts';
import type { Actor, Origin } from '../runtime/origin.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { EmailCodes, SmsCodes } from './email-codes.ts';
import type { Passkey, Passkeys } from './passkeys.ts';
import type { RecoveryCodes } from './recovery-codes.ts';
import type { RememberedDevices } from './remembered-devices.ts';
import type { Totp, TotpEnrolled } from './totp.ts';

/** What can be proven with, by its name in the audit. */
export type FactorKind =
  | 'passkey'
  | 'totp'
  | 'recovery_code'
  | 'email_code'
  | 'sms_code'
  | 'remembered_device';

/** One check. `refused` never says why: wrong, used before, too late, not theirs and disabled look the same. */
export type FactorOutcome<Proven = object> =
  | ({ readonly kind: 'proven' } & Proven)
  | { readonly kind: 'refused' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number };

/** Who is being checked, and from where. */
export interface FactorAttempt {
  readonly accountId: string;
  readonly origin: Origin;
  readonly clientId?: string | undefined;
}

/** What somebody has, for policies and for pages. */
export interface FactorSummary {
  readonly password: boolean;
  /** Oldest first. */
  readonly passkeys: readonly Passkey[];
  readonly totp: TotpEnrolled | undefined;
  /** Recovery codes that have not been used. */
  readonly recoveryCodes: number;
  /** The address that codes may be sent to; undefined: none, or not verified. */
  readonly verifiedEmail: string | undefined;
}

/** What stands of the limits on guessing one kind of code of an account. */
export interface FactorFailures {
  readonly factor: FactorKind;
  /** `strangers`: addresses it was never proven from; `acquaintances`: those it was. */
  readonly who: 'strangers' | 'acquaintances';
  readonly failures: number;
  readonly max: number;
}

/**
 * Whatever people prove themselves with beside a password. Each part says what it promises; of all of them:
 * an account that is unknown, disabled or otherwise kept out proves and enrols nothing.
 *
 * @throws {StateUnavailable} {RecordsUnavailable} from each: what cannot be counted or written has not been proven.
 */
export interface Factors {
  readonly passkeys: Passkeys;
  readonly totp: Totp;
  readonly recoveryCodes: RecoveryCodes;
  readonly emailCodes: EmailCodes;
  readonly smsCodes: SmsCodes;
  readonly devices: RememberedDevices;
  /** Undefined: no such account. `known`: the account as it was read just now. */
  of(accountId: string, known?: Account): Promise<FactorSummary | undefined>;
  /** Takes every factor and remembered device away, and forgets failures. Gives what was taken; audited for each. */
  removeAll(accountId: string, actor: Actor): Promise<readonly FactorKind[]>;
  /** Failed checks in a row that count towards a limit, for operators. */
  failures(accountId: string): Promise<readonly FactorFailures[]>;
  /** Forgets failed checks, for an operator who let a person in by another way. */
  forgive(accountId: string): Promise<void>;
  /** Seals every TOTP secret under the first master key of `next`. Gives their number. */
  reseal(next: Sealer): Promise<number>;
}
