import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';

/** What tokens are wanted for. */
export interface Wish {
  /** Identifier of the API; undefined: the one that the issuer has for requests that name none. */
  readonly audience?: string | undefined;
  /** Undefined: all that the client may have, but for `offline_access`. */
  readonly scope?: string | undefined;
}

/** A request at the token endpoint, whose client has proven itself and may use the grant. */
export interface GrantRequest {
  readonly clientId: string;
  /** Those of `FurtherGrant.parameters` that were sent. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly wish: Wish;
  readonly origin: Origin;
  /** Names the moment before anything was read: what was taken back since is newer. */
  readonly mark: string;
}

/** Whom tokens are issued for. */
export interface ProvenPerson {
  readonly accountId: string;
  /** How they proved who they are (RFC 8176). */
  readonly amr: readonly string[];
  /** NumericDate of the proof. */
  readonly authTime: number;
  /** What an earlier request of this sign-in wanted; left out: what this one wants. */
  readonly wish?: Wish | undefined;
  /** Members of the answer beside the usual. */
  readonly answer?: JsonObject | undefined;
}

/**
 * A way to tokens of a person that an issuer has beside those of the specifications: an extension grant (RFC 6749
 * section 4.5), or that of section 4.3. Who is asking for whom, and whether that is good, is the grant's to say. What
 * is then issued is the provider's, and falls like all else.
 */
export interface FurtherGrant {
  readonly grantType: string;
  /** Beside `scope`, `audience` and `resource`. */
  readonly parameters: readonly string[];
  /**
   * Everything that is held against somebody who signs in is held against them here.
   *
   * @throws {GrantRefused}
   */
  prove(request: GrantRequest): Promise<ProvenPerson>;
}

/** A refusal of the token endpoint, in the words in which it is answered. */
export interface GrantRefusal {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  /** Members beside those of RFC 6749 section 5.2. */
  readonly members?: JsonObject | undefined;
}

/** Nobody was proven. */
export class GrantRefused extends LatchkeyError {
  readonly code = 'ERR_GRANT_REFUSED';
  readonly refusal: GrantRefusal;

  constructor(refusal: GrantRefusal) {
    super(refusal.description);
    this.refusal = refusal;
  }
}
