import { z } from 'zod';
import type { Feature } from './feature.ts';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** Answers that are JWTs: of the authorization endpoint (JARM), of userinfo, of introspection (RFC 9701). */
export const signedAnswersConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Clients may ask for signed answers: response_mode jwt (JARM), userinfo (OpenID Connect Core 5.3.2), introspection (RFC 9701).',
      ),
  })
  .prefault({});

export function signedAnswers({
  enabled,
}: z.output<typeof signedAnswersConfig>): Feature | undefined {
  if (!enabled) return undefined;
  return {
    engine: {
      jwtResponseModes: { enabled: true },
      jwtUserinfo: { enabled: true },
      jwtIntrospection: { enabled: true },
    },
    algorithms: {
      authorizationSigningAlgValues: ALGORITHMS,
      introspectionSigningAlgValues: ALGORITHMS,
      userinfoSigningAlgValues: ALGORITHMS,
    },
    announced: {
      // In a fragment there is nothing that would have to be kept from a server.
      response_modes_supported: ['jwt', 'query.jwt', 'form_post.jwt'],
      authorization_signing_alg_values_supported: ALGORITHMS,
      introspection_signing_alg_values_supported: ALGORITHMS,
      userinfo_signing_alg_values_supported: ALGORITHMS,
    },
  };
}
