import type { PasswordWords } from '../accounts/password-words.ts';
import type { ShownAttribute } from '../accounts/typed-attributes.ts';
import type { Waiting } from '../http/waiting.ts';

/** Why a step did not succeed. */
export type Problem =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'incomplete' }
  /** An address of a domain that may not join. */
  | { readonly kind: 'domain' }
  /** A passkey that could not be made. */
  | { readonly kind: 'passkey' }
  | { readonly kind: 'busy' }
  | Waiting;

/** What every page within an authorization request is given. */
interface Within {
  /** The name of the client. */
  readonly client: string;
  readonly csrf: string;
  /** Where those sign in who have an account. */
  readonly signInUrl: string;
}

/** Which pages there are to go on by. */
interface Ways {
  readonly password: boolean;
  readonly passkey: boolean;
}

/** Every page of this room, with all that its template may read. */
export interface Pages {
  readonly 'join/address': Within & {
    readonly typed: string;
    /** What the page's script is to compute, as JSON; empty: nothing. */
    readonly work: string;
    readonly problem: Problem;
  };
  readonly 'join/code': Within & { readonly email: string; readonly problem: Problem };
  readonly 'join/details': Within &
    PasswordWords & {
      readonly email: string;
      readonly fields: {
        readonly name: 'off' | 'optional' | 'required';
        readonly username: 'off' | 'optional' | 'required';
      };
      readonly values: { readonly name: string; readonly username: string };
      readonly attributes: readonly ShownAttribute[];
      /** Empty: there are none. */
      readonly termsUrl: string;
      readonly ways: Ways;
      /** Names of fields that cannot be as they are; `taken`: the username is somebody's. */
      readonly wrong: readonly string[];
    };
  readonly 'join/passkey': Within &
    PasswordWords & {
      readonly email: string;
      readonly passkeyUrl: string;
      readonly password: boolean;
      readonly problem: Problem;
    };
  /** By invitation alone, and nobody was invited here. */
  readonly 'join/closed': {
    readonly client: string;
    readonly signInUrl: string;
    readonly csrf: string;
  };
  /** The address has come to belong to an account. */
  readonly 'join/taken': {
    readonly client: string;
    readonly signInUrl: string;
    readonly csrf: string;
  };
  /** `email` empty: the invitation is good no more. */
  readonly 'join/invitation': { readonly email: string; readonly csrf: string };
  /** Who came by themselves is done here, or would not join. */
  readonly 'join/done': { readonly isRefused: boolean };
  readonly expired: { readonly requestId: string };
}
