import type { z } from 'zod';
import type { publicKeySet } from './key-set.ts';

/** How tokens of an API may be encrypted (RFC 7518 section 4): for its public key, or with a secret it shares with us. */
export const API_ENCRYPTION_ALGORITHMS = [
  'RSA-OAEP-256',
  'ECDH-ES+A256KW',
  'A256KW',
  'dir',
] as const;

/** How what a client is told may be encrypted. */
export const CLIENT_ENCRYPTION_ALGORITHMS = [...API_ENCRYPTION_ALGORITHMS, 'ECDH-ES'] as const;

/** How a client may encrypt its requests: to a key of ours, or with its secret. */
export const REQUEST_ENCRYPTION_ALGORITHMS = ['RSA-OAEP-256', 'ECDH-ES', 'A256KW', 'dir'] as const;

type PublicKey = z.output<typeof publicKeySet>['keys'][number];

/** Both sides know the key; the others encrypt for a public one. */
export function isSharedSecretAlgorithm(algorithm: unknown): boolean {
  return algorithm === 'A256KW' || algorithm === 'dir';
}

/** The first of `keys` that `algorithm` can encrypt for. */
export function encryptionKeyIn(
  keys: readonly PublicKey[],
  algorithm: (typeof CLIENT_ENCRYPTION_ALGORITHMS)[number],
): PublicKey | undefined {
  return keys.find(
    (key) =>
      key.use !== 'sig' &&
      (key.alg === undefined || key.alg === algorithm) &&
      (algorithm === 'RSA-OAEP-256'
        ? key.kty === 'RSA'
        : key.kty === 'EC' || (key.kty === 'OKP' && key.crv === 'X25519')),
  );
}
