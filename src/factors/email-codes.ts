import type { Origin } from '../runtime/origin.ts';
import type { FactorAttempt, FactorOutcome } from './factors.ts';

/** What goes into a letter, and nowhere else: neither may ever be in an answer to the browser that asked. */
export interface EmailCode {
  /** Six digits. */
  readonly code: string;
  /** For the link in the letter; 192 bits. */
  readonly linkToken: string;
  readonly lifetimeSeconds: number;
}

/** Codes that show that somebody reads the mail of an address. The caller sends them. */
export interface EmailCodes {
  /**
   * A new code for one flow and one account; the flow's earlier one is good no more. Also for nobody's address, with
   * an id of the caller's making (the same for the same address), so that both take and count the same steps.
   */
  issue(ask: {
    readonly flowId: string;
    readonly accountId: string;
    readonly origin: Origin;
  }): Promise<
    | ({ readonly kind: 'issued' } & EmailCode)
    /** So many were asked for: send nothing. */
    | { readonly kind: 'throttled'; readonly retryAfterSeconds: number }
  >;
  /** Good once, in the flow and for the account that it was made for, within few tries. Audited. */
  check(
    attempt: FactorAttempt & {
      readonly flowId: string;
      readonly code: string;
      /** The address is nobody's yet, so that there is no account which would have to be active. */
      readonly isOfNobody?: boolean | undefined;
    },
  ): Promise<FactorOutcome>;
  /** Whether a code of the flow could still be typed: for whoever may know that a wrong one was not merely mistyped. */
  isWaiting(flowId: string): Promise<boolean>;
  /**
   * The code behind a link, to be shown and typed where the flow began. Uses nothing up and proves nothing, so that a
   * mail scanner that opens every link does no harm. Undefined: used, replaced or too late.
   */
  reveal(linkToken: string): Promise<{ readonly code: string } | undefined>;
}

/** The same by text message: codes that show that somebody holds the telephone of a number. No link is sent. */
export type SmsCodes = Pick<EmailCodes, 'issue' | 'check'>;
