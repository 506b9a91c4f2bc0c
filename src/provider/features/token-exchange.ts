import { z } from 'zod';
import { createTokenExchange } from '../exchange/token-exchange.ts';
import type { Feature } from './feature.ts';

/** RFC 8693 section 2.1. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
];

/** Access tokens in exchange for access tokens (RFC 8693). */
export const tokenExchangeConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "Clients may exchange people's access tokens for others, as clients[].tokenExchange lets each (RFC 8693).",
      ),
  })
  .prefault({});

export function tokenExchange({
  enabled,
}: z.output<typeof tokenExchangeConfig>): Feature | undefined {
  if (!enabled) return undefined;
  return {
    announced: { grant_types_supported: [TOKEN_EXCHANGE] },
    install(provider, options) {
      const exchange = createTokenExchange(options);
      // Repeated ones are understood, and refused: a token is for one API.
      provider.registerGrantType(TOKEN_EXCHANGE, exchange, PARAMETERS, ['resource', 'audience']);
    },
  };
}
