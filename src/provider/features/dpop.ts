import { z } from 'zod';
import type { Feature } from './feature.ts';

const ALGORITHMS = ['ES256', 'PS256', 'EdDSA'] as const;

/** Tokens bound to a key that the client proves at each use (RFC 9449). */
export const dpopConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Clients may bind their tokens to a key by DPoP proofs (RFC 9449).'),
  })
  .prefault({});

export function dpop({ enabled }: z.output<typeof dpopConfig>): Feature {
  // The engine's own default is on.
  if (!enabled) return { engine: { dPoP: { enabled: false } } };
  return {
    engine: { dPoP: { enabled: true } },
    algorithms: { dPoPSigningAlgValues: ALGORITHMS },
    announced: { dpop_signing_alg_values_supported: ALGORITHMS },
  };
}
