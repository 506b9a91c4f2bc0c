import { LatchkeyError } from '../runtime/errors.ts';
import type { Actor } from '../runtime/origin.ts';

/**
 * What can be taken back. Handles are random: a reader can only test those it already holds.
 * `token`: a `jti` (of an opaque token the SHA-256 of its value, never the value); `grant`: an app for a person (`gid`); `session`: a `sid`; `account`: everything of a person;
 * `client`: everything of a client; `before`: everything issued before now.
 */
export type Revoked =
  | { readonly kind: 'token'; readonly jti: string; readonly expiresAt: number }
  | { readonly kind: 'grant'; readonly grantId: string }
  | { readonly kind: 'session'; readonly sessionUid: string }
  | { readonly kind: 'account'; readonly accountId: string }
  | { readonly kind: 'client'; readonly clientId: string }
  | { readonly kind: 'before' };

/** What a token says of itself, to be held against what was revoked. */
export interface TokenHandles {
  readonly jti: string;
  readonly grantId?: string | undefined;
  readonly sessionUid?: string | undefined;
  readonly accountId?: string | undefined;
  readonly clientId: string;
  /** Handles of what it was made from, as `kind:handle`: it falls with each of them. */
  readonly from?: readonly string[] | undefined;
  /** The mark that `stamp()` gave before account, client and grant were read to issue the token. */
  readonly mark: string;
}

/** Proof that a revocation stands. */
export interface Receipt {
  /** Its number in the feed. */
  readonly number: number;
  /** NumericDate at which the state engine confirmed it durable. */
  readonly durableAt: number;
}

/**
 * What is no longer valid. One numbered log in state, followed in memory by every node; a matching
 * token whose mark is older than the entry is refused, whatever any clock says.
 */
export interface Revocation {
  /**
   * The mark of a token about to be issued: the log's epoch and the last number this node has applied.
   *
   * @throws {RevocationUnknown} when this node has lost the log: nothing may be issued.
   */
  stamp(): string;
  /**
   * From memory; brought up to date first when the node's knowledge is older than the announced bound.
   *
   * @throws {RevocationUnknown} when this node cannot know: never say "active".
   */
  isRevoked(token: TokenHandles): Promise<boolean>;
  /** Resolves only once the entry is durable. @throws {RevocationUnconfirmed} when kept in the outbox but not yet confirmed. */
  revoke(
    what: Revoked,
    details: { readonly reason: string; readonly actor: Actor },
  ): Promise<Receipt>;
  health(): { readonly ok: boolean; readonly remarks: readonly string[]; readonly number: number };
  close(): Promise<void>;
}

/** This node cannot know what was revoked: it must not issue, and must not say "active". */
export class RevocationUnknown extends LatchkeyError {
  readonly code = 'ERR_REVOCATION_UNKNOWN';
}

/** A revocation that is not known to be durable. */
export class RevocationUnconfirmed extends LatchkeyError {
  readonly code = 'ERR_REVOCATION_UNCONFIRMED';
  /** True: the intent is durable and will be carried out. False: it has to be asked for again. */
  readonly isKept: boolean;

  constructor(isKept: boolean, options?: ErrorOptions) {
    super(
      isKept
        ? 'the revocation is kept and will be carried out, but is not yet confirmed'
        : 'the revocation could be neither confirmed nor kept',
      options,
    );
    this.isKept = isKept;
  }
}
