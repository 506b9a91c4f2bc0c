import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';

/** Somebody for whom something is about to be issued. */
export interface AdvisedPerson {
  readonly accountId: string;
  /** Of the browser; undefined: there is none. */
  readonly sessionUid: string | undefined;
  /** RFC 8176 values. */
  readonly amr: readonly string[];
  /** NumericDate of the proof. */
  readonly authTime: number | undefined;
  /** In whose name they sign in: an id; undefined: in nobody's. */
  readonly organization: string | undefined;
}

/** What is about to be issued, and to whom. */
export interface AdviceSought {
  readonly clientId: string;
  /** Undefined: the client asks for itself. */
  readonly person: AdvisedPerson | undefined;
  /** The API that the access token is for; undefined: none was named. */
  readonly api: string | undefined;
  /** Those that were asked for. */
  readonly scopes: readonly string[];
  readonly method: string;
  /** Of the request, but for what is secret in it. */
  readonly parameters: JsonObject;
  readonly origin: Origin;
}

/** What to change of tokens. Protocol claims are not an adviser's to set: it is trusted not to. */
export interface Advice {
  readonly idToken: JsonObject;
  readonly accessToken: JsonObject;
  readonly addedScopes: readonly string[];
  readonly removedScopes: readonly string[];
}

/** Nothing is to be issued. */
export class AdvisedAgainst extends LatchkeyError {
  readonly code = 'ERR_ADVISED_AGAINST';
  /** RFC 6749 section 5.2, or section 4.1.2.1. */
  readonly error: string;

  /** `description`: what the client is told. */
  constructor(description: string, error = 'access_denied') {
    super(description);
    this.error = error;
  }
}

/**
 * Is asked once about each sign-in, before the answer to the authorization request; about each refresh, before the
 * refresh token is used up; and about each token that a client gets for itself.
 *
 * @throws {AdvisedAgainst}
 */
export type Adviser = (sought: AdviceSought) => Promise<Advice>;
