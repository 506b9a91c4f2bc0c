import type { IncomingMessage } from 'node:http';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';

/** What a test wants a token of. */
export interface MintingOrder {
  readonly clientId: string;
  /** Undefined: the client's own, as by client credentials. */
  readonly accountId: string | undefined;
  /** Identifier of the API; undefined: for our userinfo. */
  readonly api: string | undefined;
  /** Undefined: all that the client may have of the API. */
  readonly scopes: readonly string[] | undefined;
  /** Claims beside those of a token that was asked for in the usual way. */
  readonly claims: JsonObject;
  /** Undefined: as the API and the client have it. */
  readonly expiresInSeconds: number | undefined;
}

/** Issues access tokens without a sign-in. */
export interface Minting {
  /** @throws {MintingRefused} for what no client could get. */
  mint(
    request: IncomingMessage,
    order: MintingOrder,
  ): Promise<{
    readonly value: string;
    readonly expiresIn: number;
    readonly scope: string | undefined;
  }>;
}

/** A token that this installation would not issue. */
export class MintingRefused extends LatchkeyError {
  readonly code = 'ERR_MINTING_REFUSED';
}
