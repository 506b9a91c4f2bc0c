import { LatchkeyError } from '../runtime/errors.ts';
import type { Origin } from '../runtime/origin.ts';

/** Why somebody gets a text message. */
export type SmsPurpose = 'sign-in' | 'second-factor' | 'confirm-number' | 'recovery';

/** One text message to one telephone. */
export interface TextMessage {
  /** A number in the form of E.164, nothing around it. */
  readonly to: string;
  readonly text: string;
  /** The code in `text`. */
  readonly code: string;
  readonly purpose: SmsPurpose;
  /** Who caused it. */
  readonly origin: Origin;
  /** Whom it is for; left out: it is nobody's number yet. */
  readonly accountId?: string | undefined;
}

/** Sends text messages to people. Nobody waits for the gateway. */
export interface Sms {
  /** Whether messages reach anybody; in the dev profile without a gateway there is the inbox. */
  readonly isAvailable: boolean;
  /**
   * Resolves once the message is durable in the queue. Counted and audited here. What a stranger is told must not depend
   * on how it ends: only some numbers are somebody's.
   *
   * @throws {NoSmsGateway} {UnfitNumber} {SmsRefused} {RecordsUnavailable}
   */
  send(message: TextMessage): Promise<void>;
}

/** There is no gateway to send by. */
export class NoSmsGateway extends LatchkeyError {
  readonly code = 'ERR_NO_SMS_GATEWAY';
}

/** Not a telephone number in the form of E.164. */
export class UnfitNumber extends LatchkeyError {
  readonly code = 'ERR_UNFIT_NUMBER';
}

/** Which bound a message would have passed: of the number, of the address that asks, of all, or of the prefixes. */
export type SmsLimit = 'number' | 'address' | 'overall' | 'prefix';

/** So many messages were sent, or none go there. */
export class SmsRefused extends LatchkeyError {
  readonly code = 'ERR_SMS_REFUSED';
  readonly limit: SmsLimit;

  constructor(limit: SmsLimit) {
    super(`no text message is sent: ${limit}`);
    this.limit = limit;
  }
}
