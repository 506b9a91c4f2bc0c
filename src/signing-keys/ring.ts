import type { JsonObject } from '../runtime/json.ts';
import type { EncryptionAlgorithm, KeyAlgorithm, SigningAlgorithm } from './signing-keys.ts';

/** Every algorithm that can have a ring of signing keys, in the order in which key sets list them. */
export const ALGORITHMS: readonly SigningAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Every algorithm that can have a ring of keys to encrypt to. */
export const ENCRYPTION_ALGORITHMS: readonly EncryptionAlgorithm[] = ['RSA-OAEP-256', 'ECDH-ES'];
/** Every ring that there can be. */
export const RING_ALGORITHMS: readonly KeyAlgorithm[] = [...ALGORITHMS, ...ENCRYPTION_ALGORITHMS];

/** Whether others encrypt by `algorithm`, instead of us signing. */
export function isForEncryption(algorithm: KeyAlgorithm): algorithm is EncryptionAlgorithm {
  return algorithm === 'RSA-OAEP-256' || algorithm === 'ECDH-ES';
}

/** A key with the timestamps (NumericDate) that were fixed at its birth. Its end is the start of the next one. */
export interface RingKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  /** Counts the keys of a ring. No two keys have the same. */
  readonly slot: number;
  readonly source: 'generated' | 'imported';
  readonly publicJwk: JsonObject;
  /** PKCS #8, sealed. Undefined: destroyed, since the key has signed its last. */
  readonly sealed?: string | undefined;
  readonly publishedAt: number;
  readonly signsFrom: number;
  /** When the next key is to take over. If there is none by then, this one goes on. */
  readonly signsUntil: number;
  /** How long it stays in the key set after its last signature. */
  readonly verifyForSeconds: number;
}

/** A public half that is kept for `id_token_hint` alone. */
export interface RetiredRingKey {
  readonly kid: string;
  readonly publicJwk: JsonObject;
  /** NumericDate at which it is forgotten. */
  readonly until: number;
}

/** A key that must never be believed again. */
export interface RevokedKey {
  readonly kid: string;
  readonly at: number;
  readonly reason: string;
}

/** All keys of one algorithm. Immutable: each change is a new one with the next number, and one swap decides. */
export interface Ring {
  readonly algorithm: KeyAlgorithm;
  /** Random, given once: tells this ring from one that was made anew in its place. */
  readonly birth: string;
  /** Counts the changes. */
  readonly number: number;
  /** How many slots were given so far. */
  readonly slots: number;
  /** Nothing signs before (NumericDate): verifiers may not know the first key yet. 0: open since its birth. */
  readonly opensAt: number;
  /** By `signsFrom`. Empty: closed, since no node has had the algorithm configured for long. */
  readonly keys: readonly RingKey[];
  readonly retired: readonly RetiredRingKey[];
  readonly revoked: readonly RevokedKey[];
  /** Every key that was ever in this ring and is no more: none may come back. */
  readonly past: readonly string[];
}

/** The durations by which a ring moves, in seconds; `planOf` derives them from the settings. */
export interface Plan {
  readonly signForSeconds: number;
  readonly publishAheadSeconds: number;
  readonly verifyForSeconds: number;
  readonly hintsForSeconds: number;
  /** From the publication of a key until every verifier that honours `jwksMaxAge` can know it. */
  readonly knownAfterSeconds: number;
  /** From a change of a ring until the last node, by whatever clock it goes, has heard of it. */
  readonly spreadSeconds: number;
  /** From the planned end of a key's signing until the last node has stopped. */
  readonly settleSeconds: number;
  /** From there until the private half is destroyed; Infinity: it is there for as long as the key. */
  readonly openForSeconds: number;
}

/** A new key before it has a place in a ring. */
export interface NewKey {
  readonly kid: string;
  readonly source: RingKey['source'];
  readonly publicJwk: JsonObject;
  readonly sealed: string;
}
