import type { PasswordWords } from '../accounts/password-words.ts';
import type { KeptFactor } from '../flows/requirement.ts';
import type { Waiting } from '../http/waiting.ts';

/** Why a step did not succeed. */
export type Problem =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'incomplete' }
  /** A passkey that was not accepted, or not made. */
  | { readonly kind: 'passkey' }
  | Waiting;

/** Every page of this room, with all that its template may read. */
export interface Pages {
  readonly 'recover/ask': {
    readonly login: string;
    readonly problem: Problem;
    readonly csrf: string;
  };
  /** The same for everybody. */
  readonly 'recover/sent': object;
  readonly 'recover/link': {
    readonly isGood: boolean;
    readonly canAsk: boolean;
    readonly csrf: string;
  };
  readonly 'recover/second-factor': {
    readonly method: KeptFactor;
    readonly others: readonly { readonly method: KeptFactor; readonly url: string }[];
    readonly passkeyUrl: string;
    readonly problem: Problem;
    readonly csrf: string;
  };
  readonly 'recover/stopped': object;
  /** There is a second factor, and it cannot be shown here, or is the mailbox to which the letter went. */
  readonly 'recover/stuck': { readonly why: 'passkey' | 'mailbox' };
  readonly 'recover/new-password': PasswordWords & {
    readonly login: string;
    readonly csrf: string;
  };
  readonly 'recover/new-passkey': {
    readonly passkeyUrl: string;
    readonly problem: Problem;
    readonly csrf: string;
  };
  /** `accountUrl` empty: they go back to their app by themselves. */
  readonly 'recover/done': { readonly accountUrl: string };
}
