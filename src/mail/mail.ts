import type { Compilable } from 'kysely';
import { LatchkeyError } from '../runtime/errors.ts';

/** What a notice may tell of. */
export type Noticed =
  | 'password-changed'
  | 'password-removed'
  | 'passkey-added'
  | 'passkey-removed'
  | 'totp-added'
  | 'totp-removed'
  | 'recovery-codes-made'
  | 'recovery-code-used'
  | 'email-changed'
  | 'signed-in-new-device'
  | 'account-recovered'
  | 'account-locked'
  | 'account-deleted';

/** Every letter, with all that its template may read. Names that people chose are made harmless before they are shown. */
export interface Letters {
  /** Someone says that the address is theirs. */
  readonly 'verify-email': {
    readonly code: string;
    readonly url: string;
    readonly minutes: number;
  };
  /** An account was made with the address. */
  readonly 'confirm-email': { readonly url: string; readonly hours: number };
  /** The code, or the link, by which one signs in. */
  readonly 'sign-in-code': {
    readonly code: string;
    readonly url: string;
    readonly minutes: number;
    readonly clientName: string;
  };
  /** The code for a new password, typed where it was asked for. */
  readonly 'reset-code': { readonly code: string; readonly minutes: number };
  /** Somebody has an account that an operator made; `code` is the password for their first sign-in. */
  readonly 'temporary-password': { readonly code: string; readonly username: string };
  /** A client asks somebody to sign in who is not before it. `message` may be empty. */
  readonly 'sign-in-request': {
    readonly url: string;
    readonly minutes: number;
    readonly clientName: string;
    readonly message: string;
  };
  readonly recovery: { readonly url: string; readonly minutes: number };
  /** `inviter` empty: the installation itself invites. */
  readonly invitation: { readonly url: string; readonly days: number; readonly inviter: string };
  /** Somebody is invited to an organization whose applications sign people in here. */
  readonly 'organization-invitation': {
    readonly url: string;
    readonly organization: string;
    readonly inviter: string;
    /** NumericDate. */
    readonly until: number;
  };
  /** Someone registers with an address that has an account already. */
  readonly 'account-exists': { readonly url: string };
  /** To the old address; `newEmail` is masked by whoever asks. */
  readonly 'email-changed': { readonly newEmail: string; readonly undoUrl: string };
  /** `device` and `address` may be empty. `notMeUrl` empty: there is nothing left to do by a link. */
  readonly notice: {
    readonly what: Noticed;
    /** NumericDate. */
    readonly at: number;
    readonly device: string;
    readonly address: string;
    readonly notMeUrl: string;
  };
  /** What `latchkey mail test` sends. */
  readonly test: { readonly at: number };
}

export type LetterName = keyof Letters;

/** One letter to one person. */
export interface Letter<Name extends LetterName = LetterName> {
  /** An e-mail address, nothing around it. */
  readonly to: string;
  readonly name: Name;
  readonly data: Letters[Name];
  /** Language tags, the preferred first. */
  readonly languages: readonly string[];
  /** What a program of the operator's says in place of the house's words. */
  readonly own?: OwnWords | undefined;
}

/** What is left out is said by the house. */
export interface OwnWords {
  readonly subject?: string | undefined;
  readonly html?: string | undefined;
}

/** Takes letters for people. Nobody waits for a mail server. */
export interface Mail {
  /**
   * The statement that queues the letter, to be written together with what it tells of. It leaves within a second of that.
   *
   * @throws {UnfitAddress}
   */
  queue<Name extends LetterName>(letter: Letter<Name>): Compilable;
  /**
   * Resolves once the letter is durable in the queue.
   *
   * @throws {UnfitAddress} {RecordsUnavailable}
   */
  send<Name extends LetterName>(letter: Letter<Name>): Promise<void>;
}

/** Not an address that one letter could be sent to. */
export class UnfitAddress extends LatchkeyError {
  readonly code = 'ERR_UNFIT_ADDRESS';
}
