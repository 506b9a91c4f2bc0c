import type { JsonObject } from '../runtime/json.ts';

/** JWS algorithms that can have a ring (RFC 7518 section 3.1, RFC 8037). */
export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** JWE algorithms that can have a ring (RFC 7518 sections 4.3 and 4.6): for what others encrypt to us. */
export type EncryptionAlgorithm = 'RSA-OAEP-256' | 'ECDH-ES';

/** Every algorithm that can have a ring. */
export type KeyAlgorithm = SigningAlgorithm | EncryptionAlgorithm;

/**
 * Where a key stands at one instant. Computed from timestamps fixed at its birth. Of a key that others encrypt to:
 * every node holds it, then the key set shows it, then it only reads.
 */
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
   * A node that has not heard from the state for some seconds reads the rings again first.
   *
   * @throws {KeyNotSigning} of a key that is not in its `signing` phase.
   * @throws {SigningSuspended} when the state does not answer: nothing may be issued.
   */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A key that others encrypt to. It reads in every phase; in its `signing` phase the key set shows it. */
export interface DecryptionKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly algorithm: EncryptionAlgorithm;
  readonly phase: KeyPhase;
  /** With `kid`, `alg`, `use: 'enc'`; never a private member. */
  readonly publicJwk: JsonObject;
  /**
   * What a JWE in compact form (RFC 7516 section 7.1) holds, by this key's algorithm and A256GCM, never compressed.
   * Undefined: it is none, is not for this key, or was changed. The only way to the private key.
   */
  decrypt(jwe: string): Promise<string | undefined>;
}

/** The public half of a key that left the key set: good for an `id_token_hint`, for nothing else. */
export interface RetiredKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: JsonObject;
}

/** The name of a key that is never believed again. */
export interface RevokedKeyName {
  readonly kid: string;
  readonly algorithm: KeyAlgorithm;
}

/**
 * The keys of every ring at one instant: immutable, one for each change of any phase.
 * A key that is in none of the lists is unknown or revoked: what it signed is refused.
 */
export interface KeySet {
  /** Changes whenever `keys`, `decrypting` or `retired` does. */
  readonly version: string;
  /**
   * Signing keys first within their algorithm. Exactly one signs per configured algorithm; only an
   * algorithm added to a running installation has none until verifiers can know its first key.
   */
  readonly keys: readonly SigningKey[];
  /** Keys that others encrypt to, the one that is shown first within its algorithm. None of them verifies anything. */
  readonly decrypting: readonly DecryptionKey[];
  /** Not published. Newest first within their algorithm. */
  readonly retired: readonly RetiredKey[];
  /** Every key that was revoked, for metrics: none of them is in `keys` or `retired`. Oldest first within their algorithm. */
  readonly revoked: readonly RevokedKeyName[];
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
  /**
   * Reads the rings when this node has not for longer than it may: one that stood still is not cut off yet.
   *
   * @throws {SigningSuspended} when they cannot be read.
   */
  catchUp(): Promise<void>;
  /**
   * Seconds for which a verifier may keep the key set that this node serves now (`Cache-Control`). The
   * setting `jwksMaxAge`; on a node cut off from state it runs down to 0, since a key it cannot see may be near.
   */
  jwksMaxAgeSeconds(): number;
  close(): Promise<void>;
}
