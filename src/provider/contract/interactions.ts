import type { Context } from 'koa';
import { LatchkeyError } from '../../runtime/errors.ts';
import type { ClientView, ConsentRequest } from './consent.ts';

/** A pause in an authorization request, while a person does something. */
export interface Interaction {
  readonly uid: string;
  /** `create`: the client asks for a new account (OpenID Connect Initiating User Registration). */
  readonly prompt: 'create' | 'login' | 'select_account' | 'consent';
  /** Why the engine asks: `no_session`, `login_prompt`, `max_age`, `essential_acr`, ... */
  readonly reasons: readonly string[];
  readonly client: ClientView;
  /** From `login_hint`; unchecked text. */
  readonly loginHint: string;
  /** Where it begins, if not at the sign-in, in the words of the issuer's dialect; unchecked text. */
  readonly start?: string | undefined;
  /** From `ui_locales`, in the client's order; unchecked text. */
  readonly uiLocales: readonly string[];
  /** The client asks for more than one factor: by `acr_values` (RFC 9470), or an essential `acr` claim. */
  readonly isMultiFactorAsked: boolean;
  /** The account of the browser's session, when there is one. */
  readonly accountId: string | undefined;
  /** How that session was signed in: RFC 8176 values. */
  readonly amr: readonly string[];
  /** With prompt `consent`. */
  readonly consent: ConsentRequest | undefined;
}

/** What the person did. */
export type Outcome =
  | {
      readonly kind: 'signed-in';
      readonly accountId: string;
      readonly amr: readonly string[];
      readonly acr?: string | undefined;
      /** "Keep me signed in": the session outlives the browser. */
      readonly remember: boolean;
      /** NumericDate of the proof; left out: that of the session that they came with, else now. */
      readonly authTime?: number | undefined;
      /** They also allowed what `comingConsent` told of. */
      readonly consented?: boolean | undefined;
    }
  | { readonly kind: 'account-kept' }
  | { readonly kind: 'consented' }
  /** `accountId`: whoever did not allow what `comingConsent` told of, and is not signed in. */
  | { readonly kind: 'refused'; readonly accountId?: string | undefined };

/** Whether a person may sign in to a client at all. */
export type Admits = (person: {
  readonly accountId: string;
  readonly clientId: string;
}) => Promise<boolean>;

/** Between the engine and the pages. */
export interface Interactions {
  /**
   * The living interaction of this browser, whose cookie must name the `uid` of the path.
   *
   * @throws {InteractionExpired} when there is none.
   */
  find(ctx: Context, uid: string): Promise<Interaction>;
  /**
   * What the client asks somebody to allow once they have signed in, so that it can be asked in the same
   * interaction. Undefined: nothing, as far as can be told now; what is missed is asked in an interaction of its own.
   */
  comingConsent(ctx: Context, uid: string, accountId: string): Promise<ConsentRequest | undefined>;
  /** Ends the pause: answers 303 back into the authorization request. Once only. @throws {InteractionExpired} */
  finish(ctx: Context, uid: string, outcome: Outcome): Promise<void>;
}

/** No living interaction: expired, finished, or of another browser. */
export class InteractionExpired extends LatchkeyError {
  readonly code = 'ERR_INTERACTION_EXPIRED';
}
