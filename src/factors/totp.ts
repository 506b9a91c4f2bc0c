import type { Beginnings } from '../accounts/accounts.ts';
import type { Actor } from '../runtime/origin.ts';
import type { FactorAttempt, FactorOutcome } from './factors.ts';

/** An authenticator app that is set up. */
export interface TotpEnrolled {
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** What a person needs to set up an authenticator app. Shown once, kept in the caller's flow record meanwhile. */
export interface TotpEnrolment {
  /** Sealed, for this account alone: what `finishEnrolment` is given back. */
  readonly sealed: string;
  /** `otpauth://totp/...`, for a link on the phone itself. */
  readonly uri: string;
  readonly qr: QrCode;
  /** The secret in groups of four, to be typed where no camera is. */
  readonly key: string;
}

/** A QR code as one SVG path: `<svg viewBox="0 0 {size} {size}"><path d="{path}"/></svg>`, with its quiet zone. */
export interface QrCode {
  readonly size: number;
  readonly path: string;
}

/** RFC 6238 with SHA-1, six digits and 30 seconds, which is what every app can do. */
export interface Totp {
  /** Nothing counts before `finishEnrolment`. Undefined: no account that may enrol. */
  beginEnrolment(accountId: string): Promise<TotpEnrolment | undefined>;
  /**
   * Takes the place of an app that was set up before. The code is used up, and an enrolment is good once. False:
   * refused; the person may try another code. Audited.
   */
  finishEnrolment(answer: {
    readonly accountId: string;
    readonly sealed: string;
    readonly code: string;
    readonly actor: Actor;
  }): Promise<boolean>;
  /** The present code, the one before or the one after; each once, on any number of nodes. Audited. */
  check(attempt: FactorAttempt & { readonly code: string }): Promise<FactorOutcome>;
  /**
   * An app that was set up elsewhere, for an account that is about to be made: of its secret in base32, 80 bits at
   * least, or its `otpauth://totp/...`. Undefined: of another kind than ours, whose codes would never fit.
   */
  carried(secret: string): Beginnings | undefined;
  /** False: none was set up. Audited. */
  remove(accountId: string, actor: Actor): Promise<boolean>;
}
