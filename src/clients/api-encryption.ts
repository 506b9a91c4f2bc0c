import { z } from 'zod';
import { secret } from '../config/values.ts';
import {
  API_ENCRYPTION_ALGORITHMS,
  encryptionKeyIn,
  isSharedSecretAlgorithm,
} from './encryption-keys.ts';
import { publicKeySet } from './key-set.ts';

/** How the JWTs of an API are encrypted. The cipher is always A256GCM, and nothing is compressed. */
export const apiEncryption = z.strictObject({
  algorithm: z
    .enum(API_ENCRYPTION_ALGORITHMS)
    .describe(
      'For its public key: RSA-OAEP-256, ECDH-ES+A256KW; with a shared secret: A256KW, dir.',
    ),
  jwks: publicKeySet
    .optional()
    .describe('Its public keys; tokens are encrypted for the first that fits.'),
  secret: secret()
    .optional()
    .describe('The shared secret, 32 random bytes in base64: openssl rand -base64 32.'),
});

/** The settings of one API. */
export type ApiEncryption = z.output<typeof apiEncryption>;

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What is wrong with the settings of one API; the paths begin at `encryption`. */
export function apiEncryptionProblems({
  encryption,
  accessTokenFormat,
}: {
  readonly encryption?: ApiEncryption | undefined;
  readonly accessTokenFormat: 'jwt' | 'opaque';
}): readonly Problem[] {
  if (encryption === undefined) return [];
  const isOpaque = accessTokenFormat === 'opaque';
  return [
    ...(isOpaque ? [{ path: [], message: 'has nothing to encrypt: its tokens are opaque' }] : []),
    ...keyProblems(encryption),
  ];
}

function keyProblems({ algorithm, jwks, secret: shared }: ApiEncryption): readonly Problem[] {
  const [wanted, other] = isSharedSecretAlgorithm(algorithm)
    ? (['secret', 'jwks'] as const)
    : (['jwks', 'secret'] as const);
  const given = { jwks, secret: shared };
  const isUnfit =
    wanted === 'jwks' && jwks !== undefined && encryptionKeyIn(jwks.keys, algorithm) === undefined;
  return [
    ...(given[wanted] === undefined
      ? [{ path: [wanted], message: `is missing: ${algorithm} needs it` }]
      : []),
    ...(given[other] === undefined
      ? []
      : [{ path: [other], message: `is of no use with ${algorithm}` }]),
    ...(isUnfit ? [{ path: [wanted], message: `holds no public key for ${algorithm}` }] : []),
  ];
}
