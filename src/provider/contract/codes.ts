import type { Context } from 'koa';

/** What a client shows to redeem a code (RFC 6749 section 4.1.3). The client has proved itself. */
export interface ShownCode {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Undefined: none was sent. */
  readonly codeVerifier: string | undefined;
}

/** What a person let a client have, and what they proved. */
export interface RedeemedCode {
  readonly accountId: string;
  /** Whatever is issued for the code falls with these two. */
  readonly grantId: string;
  readonly sessionUid: string | undefined;
  readonly scopes: readonly string[];
  /** The API that the client named, or that of the dialect (RFC 8707); undefined: none, or several. */
  readonly resource: string | undefined;
  readonly nonce: string | undefined;
  /** NumericDate. */
  readonly authTime: number;
}

/** Authorization codes of an issuer that others make the tokens for. */
export interface Codes {
  /**
   * Once: a code that comes back ends all that was issued for it. Undefined: no code of this client, or it is over,
   * used, taken back, or was not asked for in this way.
   *
   * @throws {RevocationUnknown} {SigningSuspended} {StateUnavailable} when nothing may be issued.
   */
  redeem(ctx: Context, shown: ShownCode): Promise<RedeemedCode | undefined>;
}
