import { z } from 'zod';
import { CLIENT_ENCRYPTION_ALGORITHMS } from '../../clients/encryption-keys.ts';
import type { requestEncryptionAlgorithms } from './encrypted-requests.ts';
import type { Announcement, Feature } from './feature.ts';

/** Never PBES2 nor RSA1_5, and no cipher whose authentication stands apart from it. */
const CIPHERS = ['A256GCM'] as const;

/** Encrypted tokens and answers (RFC 7516): of clients by their metadata, of APIs by `apis[].encryption`. */
export const encryptionConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'ID tokens, userinfo and other signed answers can be encrypted for clients, access tokens for APIs (RFC 7516).',
      ),
  })
  .prefault({});

/** `hasSignedAnswers`: there are others than ID tokens to be encrypted; `requestAlgorithms`: by which requests may be. */
export function encryption(
  { enabled }: z.output<typeof encryptionConfig>,
  {
    hasSignedAnswers,
    requestAlgorithms,
  }: {
    readonly hasSignedAnswers: boolean;
    readonly requestAlgorithms: ReturnType<typeof requestEncryptionAlgorithms>;
  },
): Feature | undefined {
  if (!enabled) return undefined;
  return {
    engine: { encryption: { enabled: true } },
    algorithms: {
      idTokenEncryptionAlgValues: CLIENT_ENCRYPTION_ALGORITHMS,
      idTokenEncryptionEncValues: CIPHERS,
      userinfoEncryptionAlgValues: CLIENT_ENCRYPTION_ALGORITHMS,
      userinfoEncryptionEncValues: CIPHERS,
      introspectionEncryptionAlgValues: CLIENT_ENCRYPTION_ALGORITHMS,
      introspectionEncryptionEncValues: CIPHERS,
      authorizationEncryptionAlgValues: CLIENT_ENCRYPTION_ALGORITHMS,
      authorizationEncryptionEncValues: CIPHERS,
      requestObjectEncryptionAlgValues: requestAlgorithms,
      requestObjectEncryptionEncValues: requestAlgorithms.length === 0 ? [] : CIPHERS,
    },
    announced: Object.assign(
      {},
      announcedFor('id_token'),
      ...(hasSignedAnswers ? ['userinfo', 'introspection', 'authorization'] : []).map(announcedFor),
    ),
  };
}

function announcedFor(answer: string): Announcement {
  return {
    [`${answer}_encryption_alg_values_supported`]: CLIENT_ENCRYPTION_ALGORITHMS,
    [`${answer}_encryption_enc_values_supported`]: CIPHERS,
  };
}
