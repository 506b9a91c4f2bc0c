import { z } from 'zod';
import { origin } from '../config/values.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { ClientPolicy } from './clients.ts';
import { exchangePolicy } from './exchange-policy.ts';
import { isPublic } from './metadata.ts';
import { SECURITY_PROFILES } from './security-profile.ts';

const identifier = z.string().min(1).max(255);
const DAY_SECONDS = 86_400;
const seconds = (max: number): z.ZodInt => z.int().min(1).max(max);

/** The settings of a client that are ours, as they are kept: those left out follow the installation. */
export const storedPolicy = z.strictObject({
  profile: z.enum(SECURITY_PROFILES).optional(),
  firstParty: z.boolean().optional(),
  secondFactor: z.enum(['never', 'if-enrolled', 'required']).optional(),
  requirePkce: z.boolean().optional(),
  anyLoopbackPort: z.boolean().optional(),
  accessTokenFormat: z.enum(['jwt', 'opaque']).optional(),
  accessTokenTtlSeconds: seconds(DAY_SECONDS).optional(),
  idTokenTtlSeconds: seconds(DAY_SECONDS).optional(),
  refreshTokenIdleSeconds: seconds(366 * DAY_SECONDS).optional(),
  refreshTokenAbsoluteSeconds: seconds(366 * DAY_SECONDS).optional(),
  claimsInIdToken: z.boolean().optional(),
  introspects: z.array(identifier).max(100).optional(),
  apis: z.array(identifier).max(100).optional(),
  apiScopes: z.record(identifier, z.array(z.string().min(1).max(280)).max(500)).optional(),
  tokenExchange: exchangePolicy.optional(),
  ownScopes: z.record(identifier, z.array(z.string().min(1).max(280)).max(1000)).optional(),
  rotatesRefreshTokens: z.boolean().optional(),
  corsOrigins: z.array(origin()).max(100).optional(),
  keepsSecret: z.boolean().optional(),
  servedBy: z.string().min(1).max(100).optional(),
  beside: z.record(z.string(), z.json()).optional(),
});

/** The whole policy of a client: what was set, the rest as its kind suggests. */
export function policyOf(metadata: JsonObject, set: Partial<ClientPolicy>): ClientPolicy {
  const isOpen = isPublic(metadata);
  return {
    ...set,
    firstParty: set.firstParty ?? false,
    // A public client has nothing else to show that the code is its own (RFC 9700 section 2.1.1).
    requirePkce: isOpen || (set.requirePkce ?? true),
    anyLoopbackPort: set.anyLoopbackPort ?? metadata['application_type'] === 'native',
    claimsInIdToken: set.claimsInIdToken ?? false,
    introspects: set.introspects ?? [],
    corsOrigins: set.corsOrigins ?? (isOpen ? originsOf(metadata['redirect_uris']) : []),
  };
}

/** A browser app calls from where it is redirected to. */
function originsOf(redirectUris: unknown): readonly string[] {
  if (!Array.isArray(redirectUris)) return [];
  const origins = redirectUris.flatMap((uri) => {
    const url = typeof uri === 'string' ? URL.parse(uri) : null;
    return url !== null && /^https?:$/.test(url.protocol) ? [url.origin] : [];
  });
  return [...new Set(origins)];
}
