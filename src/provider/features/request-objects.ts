import { z } from 'zod';
import { encryptedRequestsConfig } from './encrypted-requests.ts';
import type { Feature } from './feature.ts';

/** Without `none`: such an object says nothing that the request itself does not. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** Signed authorization requests (RFC 9101). */
export const requestObjectsConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Clients may sign their authorization requests and send them by value in `request`, also pushed (RFC 9101).',
      ),
    required: z
      .boolean()
      .default(false)
      .describe('Requests that are not signed are refused, whatever the client.'),
    encryption: encryptedRequestsConfig,
  })
  .refine(({ enabled, required }) => enabled || !required, {
    path: ['required'],
    error: 'needs protocol.requestObjects.enabled',
  })
  .prefault({});

/** By value only: a reference would have the provider fetch what a stranger names. */
export function requestObjects({
  enabled,
  required,
}: z.output<typeof requestObjectsConfig>): Feature {
  const never = { request_uri_parameter_supported: false };
  if (!enabled) return { announced: { ...never, request_parameter_supported: false } };
  return {
    engine: { requestObjects: { enabled: true } },
    algorithms: { requestObjectSigningAlgValues: ALGORITHMS },
    announced: {
      ...never,
      request_parameter_supported: true,
      request_object_signing_alg_values_supported: ALGORITHMS,
      require_signed_request_object: required,
    },
  };
}
