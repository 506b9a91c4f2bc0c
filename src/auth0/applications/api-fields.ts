import { z } from 'zod';
import { TOKEN_DIALECTS } from '../config.ts';
import { exactly } from '../management/exactly.ts';

const SCOPES_MAX = 1000;

/** A scope token (RFC 6749 section 3.3). */
const scopeName = z
  .string()
  .max(280)
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, { error: 'is no scope' });

/** What an API is, by the names of Auth0; what is not kept here is refused, not dropped. */
const fields = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^[^<>]*$/, { error: 'must not hold < or >' }),
  scopes: z
    .array(exactly({ value: scopeName, description: z.string().max(500).optional() }))
    .max(SCOPES_MAX),
  token_dialect: z.enum(TOKEN_DIALECTS),
  token_lifetime: z.int().min(1),
  enforce_policies: z.boolean(),
  signing_alg: z.literal('RS256', { error: 'must be RS256: tokens are signed by no other here' }),
  // Without effect: kept and told, since tools send them.
  allow_offline_access: z.boolean(),
  skip_consent_for_verifiable_first_party_clients: z.boolean(),
  token_lifetime_for_web: z.int().min(1),
};

/** An API as it is kept. */
export const madeApi = exactly(fields).partial().required({ name: true });

/** What tokens of it name as their audience. */
export const apiIdentifier = z
  .string()
  .max(255)
  .regex(/^[\x21-\x7E]+$/, { error: 'must be a URI, or a name without spaces' });

export type MadeApi = z.output<typeof madeApi>;
