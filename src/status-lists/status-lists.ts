import type { TokenHandles } from '../revocation/revocation.ts';

/** Where the status of a token stands: the member `status_list` of its claim `status` (section 6.2). */
export interface StatusReference {
  readonly idx: number;
  readonly uri: string;
}

/** A token about to be signed. */
export interface IssuedToken extends TokenHandles {
  /** NumericDate of its `exp`. */
  readonly expiresAt: number;
}

/** The lists as whoever issues tokens sees them. */
export interface StatusLists {
  /**
   * Gives the token an index that no other token of the list ever had, from memory.
   *
   * @throws {StateUnavailable} when none is at hand and state gives none: then nothing may be issued.
   */
  assign(token: IssuedToken): Promise<StatusReference>;
  /** Where the URIs of all lists are told (section 9). */
  readonly aggregationUri: string;
}

/** How far the lists of all nodes have come. */
export interface Shown {
  /** Every list that a living node serves shows all revocations up to this number of the feed. */
  readonly number: number;
}
