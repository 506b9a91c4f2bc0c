import { hkdfSync } from 'node:crypto';
import { z } from 'zod';
import type { Feature, FeatureOptions } from './feature.ts';

const ALGORITHMS = ['ES256', 'PS256', 'EdDSA'] as const;
const NONCE_SECRET_BYTES = 32;

/** Tokens bound to a key that the client proves at each use (RFC 9449). */
export const dpopConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Clients may bind their tokens to a key by DPoP proofs (RFC 9449).'),
    nonces: z
      .enum(['off', 'required'])
      .default('off')
      .describe(
        'required: proofs must hold a nonce of ours, so that none can be made in advance (RFC 9449 section 8); clients are told it and try again.',
      ),
  })
  .prefault({});

export function dpop(
  { enabled, nonces }: z.output<typeof dpopConfig>,
  { cookieKeys }: FeatureOptions,
): Feature {
  // The engine's own default is on.
  if (!enabled) return { engine: { dPoP: { enabled: false } } };
  const isRequired = nonces === 'required';
  return {
    engine: {
      dPoP: {
        enabled: true,
        ...(isRequired && { nonceSecret: nonceSecret(cookieKeys), requireNonce: () => true }),
      },
    },
    algorithms: { dPoPSigningAlgValues: ALGORITHMS },
    announced: { dpop_signing_alg_values_supported: ALGORITHMS },
  };
}

/** The same on every node and after a restart; when it changes with the master key, clients are told a new nonce. */
function nonceSecret([key = '']: readonly string[]): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'dpop-nonce', NONCE_SECRET_BYTES));
}
