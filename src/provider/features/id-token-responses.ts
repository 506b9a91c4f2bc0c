import { z } from 'zod';
import type { Feature } from './feature.ts';

/** ID tokens from the authorization endpoint (OpenID Connect Core sections 3.2 and 3.3). */
export const idTokenResponsesConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Clients may register the response types "id_token" and "code id_token"; an access token is never answered there.',
      ),
  })
  .prefault({});

/** Without `token`, in any combination: an access token in a URL is in the history, the log and the Referer. */
export function idTokenResponses({
  enabled,
}: z.output<typeof idTokenResponsesConfig>): Feature | undefined {
  if (!enabled) return undefined;
  return {
    configuration: { responseTypes: ['code', 'id_token', 'code id_token'] },
    announced: {
      response_types_supported: ['id_token', 'code id_token'],
      response_modes_supported: ['fragment'],
      grant_types_supported: ['implicit'],
    },
  };
}
