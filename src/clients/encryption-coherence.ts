import { encryptionKeyIn, isSharedSecretAlgorithm } from './encryption-keys.ts';
import type { Metadata, MetadataName, MetadataProblem } from './metadata-fields.ts';

/** What can be encrypted for a client, by how its metadata begins. */
export const ENCRYPTED_ANSWERS = [
  'id_token',
  'userinfo',
  'introspection',
  'authorization',
] as const;

type Answer = (typeof ENCRYPTED_ANSWERS)[number];

/** Whether there is a key for each answer and request that is to be encrypted, and all that belongs to it. */
export function encryptionProblems(metadata: Metadata): readonly MetadataProblem[] {
  return [
    ...requestProblems(metadata),
    ...ENCRYPTED_ANSWERS.flatMap((answer) => [
      ...formProblems(answer, metadata),
      ...keyProblems(answer, metadata),
    ]),
  ];
}

function requestProblems(metadata: Metadata): readonly MetadataProblem[] {
  const [alg, enc] = ['request_object_encryption_alg', 'request_object_encryption_enc'] as const;
  const algorithm = metadata[alg];
  return [
    ...pairProblems(metadata, alg, enc),
    ...problemIf(
      isSharedSecretAlgorithm(algorithm) && metadata.token_endpoint_auth_method === 'none',
      alg,
      `must not be ${algorithm ?? ''}: the client has no secret to encrypt with`,
    ),
  ];
}

function pairProblems(
  metadata: Metadata,
  alg: MetadataName,
  enc: MetadataName,
): readonly MetadataProblem[] {
  const [hasAlg, hasEnc] = [metadata[alg] !== undefined, metadata[enc] !== undefined];
  return [
    // The standard one would be A128CBC-HS256, which is not spoken here.
    ...problemIf(hasAlg && !hasEnc, enc, `is missing: must be A256GCM beside ${alg}`),
    ...problemIf(hasEnc && !hasAlg, alg, `is missing beside ${enc}`),
  ];
}

function formProblems(answer: Answer, metadata: Metadata): readonly MetadataProblem[] {
  const [alg, enc] = [
    `${answer}_encrypted_response_alg`,
    `${answer}_encrypted_response_enc`,
  ] as const;
  const isSignedAnyway = answer === 'id_token' || answer === 'authorization';
  return [
    ...pairProblems(metadata, alg, enc),
    ...problemIf(
      metadata[alg] !== undefined &&
        !isSignedAnyway &&
        metadata[`${answer}_signed_response_alg`] === undefined,
      `${answer}_signed_response_alg`,
      'is missing: what is encrypted is signed first',
    ),
  ];
}

function keyProblems(answer: Answer, metadata: Metadata): readonly MetadataProblem[] {
  const name = `${answer}_encrypted_response_alg` as const;
  const algorithm = metadata[name];
  if (algorithm === undefined) return [];
  const { jwks, jwks_uri: jwksUri, token_endpoint_auth_method: method } = metadata;
  if (isSharedSecretAlgorithm(algorithm))
    return problemIf(
      method === 'none',
      name,
      `must not be ${algorithm}: the client has no secret to read it with`,
    );
  return problemIf(
    jwksUri === undefined && encryptionKeyIn(jwks?.keys ?? [], algorithm) === undefined,
    'jwks',
    `must hold a public key for ${algorithm}, or jwks_uri lead to one`,
  );
}

function problemIf(
  isWrong: boolean,
  name: MetadataName,
  message: string,
): readonly MetadataProblem[] {
  return isWrong ? [{ path: [name], message }] : [];
}
