import type { Context } from 'koa';
import { z } from 'zod';
import type { DeclaredClient } from '../../clients/config.ts';
import { isSharedSecretAlgorithm } from '../../clients/encryption-keys.ts';
import { ENCRYPTION_ALGORITHMS } from '../../signing-keys/ring.ts';
import type { EncryptionAlgorithm, KeySet } from '../../signing-keys/signing-keys.ts';
import { CONTENT_CIPHER, ENCRYPTED_TOKEN } from '../encrypted-token.ts';
import { peekForm } from '../lanes/peek-form.ts';
import { DEVICE_PATHS, PUSHED_PATH, ROUTES } from '../routes.ts';
import type { Feature, FeatureOptions } from './feature.ts';

/** Where requests may come encrypted; CIBA has no place for them. */
const ENDPOINTS: ReadonlySet<string> = new Set([
  ROUTES.authorization,
  PUSHED_PATH,
  DEVICE_PATHS.authorization,
]);
/** What the engine reads of a form at most. */
const FORM_BYTES_MAX = 56 * 1024;
const SHARED_SECRET_ALGORITHMS = ['A256KW', 'dir'] as const;

/** Encrypted request objects (RFC 9101 section 6.1). */
export const encryptedRequestsConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Clients may encrypt their signed requests: to the key with `use: enc` in our key set, or with their own secret; needs protocol.encryption.',
      ),
    algorithms: z
      .array(z.enum(ENCRYPTION_ALGORITHMS))
      .refine((names) => new Set(names).size === names.length, { error: 'names one twice' })
      .default([...ENCRYPTION_ALGORITHMS])
      .describe(
        'Each has a ring of keys, which turns by signingKeys like the others; A256KW and dir by the secret of a client need none.',
      ),
  })
  .prefault({});

interface Settings {
  readonly clients: readonly DeclaredClient[];
  readonly signingKeys: {
    readonly verifyFor: number;
    readonly jwksMaxAge: number;
    readonly clockTolerance: number;
  };
  readonly protocol: {
    readonly encryption: { readonly enabled: boolean };
    readonly requestObjects: RequestObjects;
  };
}

interface RequestObjects {
  readonly enabled: boolean;
  readonly encryption: z.output<typeof encryptedRequestsConfig>;
}

/** The algorithms for which there are keys of ours; none where it is off. */
export function requestKeyAlgorithms({
  encryption,
}: Pick<RequestObjects, 'encryption'>): readonly EncryptionAlgorithm[] {
  return encryption.enabled ? encryption.algorithms : [];
}

/** All algorithms by which a request may be encrypted; none where it is off. */
export function requestEncryptionAlgorithms(
  settings: Pick<RequestObjects, 'encryption'>,
): readonly (EncryptionAlgorithm | (typeof SHARED_SECRET_ALGORITHMS)[number])[] {
  return settings.encryption.enabled
    ? [...requestKeyAlgorithms(settings), ...SHARED_SECRET_ALGORITHMS]
    : [];
}

/** What other settings leave no room for it. */
export function encryptedRequestsProblems({
  clients,
  protocol,
  signingKeys,
}: Settings): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const { encryption } = protocol.requestObjects;
  const known: readonly string[] = requestEncryptionAlgorithms(protocol.requestObjects);
  const { jwksMaxAge, clockTolerance, verifyFor } = signingKeys;
  const keptSeconds = jwksMaxAge + clockTolerance;
  const path = ['protocol', 'requestObjects', 'encryption', 'enabled'];
  return [
    ...(encryption.enabled && !protocol.requestObjects.enabled
      ? [{ path, message: 'needs protocol.requestObjects.enabled' }]
      : []),
    ...(encryption.enabled && !protocol.encryption.enabled
      ? [{ path, message: 'needs protocol.encryption.enabled' }]
      : []),
    ...(encryption.enabled && verifyFor < keptSeconds
      ? [
          {
            path: ['signingKeys', 'verifyFor'],
            message: `must be at least ${keptSeconds}s: clients encrypt to a key for as long as they keep the key set (jwksMaxAge, clockTolerance)`,
          },
        ]
      : []),
    ...clients.flatMap(({ requestObjectEncryptionAlg: algorithm }, index) =>
      algorithm === undefined || known.includes(algorithm)
        ? []
        : [
            {
              path: ['clients', index, 'requestObjectEncryptionAlg'],
              message: isSharedSecretAlgorithm(algorithm)
                ? 'needs protocol.requestObjects.encryption.enabled'
                : `needs protocol.requestObjects.encryption with ${algorithm} among its algorithms`,
            },
          ],
    ),
  ];
}

/**
 * Opens what was encrypted to our keys before the engine sees it: to them the way leads through `decrypt` alone. What
 * does not open stays as it is, and the engine refuses it. What is encrypted with a client's secret it opens itself.
 */
export function encryptedRequests(
  settings: RequestObjects,
  { signingKeys, scopes }: FeatureOptions,
): Feature | undefined {
  if (!settings.encryption.enabled) return undefined;
  return {
    decrypts: requestKeyAlgorithms(settings),
    announced: {
      request_object_encryption_alg_values_supported: requestEncryptionAlgorithms(settings),
      request_object_encryption_enc_values_supported: [CONTENT_CIPHER],
    },
    async prepare(ctx) {
      const jwe = ENDPOINTS.has(ctx.path) ? await requestIn(ctx) : undefined;
      if (jwe === undefined || !ENCRYPTED_TOKEN.test(jwe)) return;
      const jwt = await opened(jwe, signingKeys.current());
      if (jwt !== undefined) scopes.of(ctx.req).openedRequest = { jwe, jwt };
    },
  };
}

async function requestIn(ctx: Context): Promise<string | undefined> {
  if (ctx.method === 'POST') return (await peekForm(ctx.req, FORM_BYTES_MAX))?.get('request');
  const { request } = ctx.query;
  return typeof request === 'string' ? request : undefined;
}

async function opened(
  jwe: string,
  { decrypting }: Pick<KeySet, 'decrypting'>,
): Promise<string | undefined> {
  for (const key of decrypting) {
    const jwt = await key.decrypt(jwe);
    if (jwt !== undefined) return jwt;
  }
  return undefined;
}
