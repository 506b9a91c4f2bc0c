import type { JsonObject } from '../runtime/json.ts';

/** JWS algorithms that can have a ring (RFC 7518 section 3.1, RFC 8037). */
export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** Where a key stands at one instant. Computed from timestamps fixed at its birth. */
export type KeyPhase = 'published' | 'signing' | 'verifying';

/** A key as the provider uses it. */
export interface SigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly phase: KeyPhase;
  /** With `kid`, `alg`, `use: 'sig'`; never a private member. */
  readonly publicJwk: JsonObject;
  /**
   * Signs by `algorithm`; ECDSA signatures in the JWS form (RFC 7518 section 3.4). The only way to the
   * private key, so that it may live elsewhere one day. ES256 answers at once, RSA off the event loop.
   *
   * @throws {KeyNotSigning} of a key that is not in its `signing` phase.
   */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** The keys of every ring at one instant: immutable, one for each change of any phase. */
export interface KeySet {
  /** Changes whenever `keys` does. */
  readonly version: string;
  /** Signing keys first within their algorithm. Exactly one signs per configured algorithm. */
  readonly keys: readonly SigningKey[];
  /** The instant (NumericDate) at which the next phase change is due; undefined: none. */
  readonly changesAt: number | undefined;
}

/** What the key ring can say of itself, for `/readyz` and metrics. */
export interface SigningKeysHealth {
  /** False: cut off from state; goes on publishing and verifying, must not sign. */
  readonly maySign: boolean;
  readonly remarks: readonly string[];
}

/** All signing keys of the installation. Rotates by itself; see README.md for the promises. */
export interface SigningKeys {
  current(): KeySet;
  /** Called after every change of `current()`, on this node. Gives the function that ends it. */
  onChange(listener: (keys: KeySet) => void): () => void;
  health(): SigningKeysHealth;
  close(): Promise<void>;
}
