/** Indices that are leased together. */
export const BLOCK = 256;

/** What tells one list from all others. */
export interface ListIdentity {
  /** Random; the last part of its URI. */
  readonly id: string;
  /** The secret of its shuffle, in base64url. */
  readonly key: string;
  readonly size: number;
}
