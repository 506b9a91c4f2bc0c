import type { Client } from '../../clients/clients.ts';
import { OWN_CLIENT_PREFIX } from '../../clients/config.ts';
import { readMetadata } from '../../clients/metadata.ts';
import { strongerProfile, type SecurityProfile } from '../../clients/security-profile.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { FeatureSettings } from './config.ts';

/** What the installation demands of a client, whatever that registered. */
export interface Demands {
  /** As RFC 7591 metadata. */
  of(client: Client): JsonObject;
  /** What the client is held to. */
  profileOf(client: Client | undefined): SecurityProfile | undefined;
  /** In what it falls short of that, or cannot be given what it wants: it may have been registered under other settings. */
  shortcomings(client: Client): readonly string[];
}

/** FAPI 2.0 Message Signing section 5.3 leaves the choice of one to us. */
const REQUEST_OBJECT_ALGORITHM = 'PS256';

/**
 * The engine could demand the same of every client at once. Pages of our own, which begin their sign-ins by plain
 * requests, would then be shut out as well.
 */
export function createDemands(settings: FeatureSettings): Demands {
  const { pushedRequests, requestObjects, dpop, fapi2 } = settings;
  const required = fapi2.required === 'off' ? undefined : fapi2.required;
  const demanded = {
    ...(pushedRequests.required && { require_pushed_authorization_requests: true }),
    ...(requestObjects.required && { require_signed_request_object: true }),
  };
  const profileOf: Demands['profileOf'] = (client) =>
    client === undefined || isOwn(client.id)
      ? undefined
      : strongerProfile(client.policy.profile, required);
  return {
    profileOf,
    of(client) {
      if (isOwn(client.id)) return {};
      return { ...demanded, ...demandedBy(profileOf(client), client.metadata) };
    },
    shortcomings(client) {
      // The engine would take it for a client of bearer tokens.
      const isInVain = !dpop.enabled && client.metadata['dpop_bound_access_tokens'] === true;
      return [
        ...shortcomingsOf(client, profileOf(client)),
        ...(isInVain ? ['dpop_bound_access_tokens: needs protocol.dpop.enabled'] : []),
      ];
    },
  };
}

function shortcomingsOf(
  { metadata }: Client,
  security: SecurityProfile | undefined,
): readonly string[] {
  if (security === undefined) return [];
  // Where the client may be reached was judged when it was registered.
  const { problems } = readMetadata(metadata, { isDev: true, isStrict: false, security });
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function isOwn(id: string): boolean {
  return id.startsWith(OWN_CLIENT_PREFIX);
}

/** RFC 9126 section 6, RFC 9101 section 10.5. */
function demandedBy(profile: SecurityProfile | undefined, metadata: JsonObject): JsonObject {
  if (profile === undefined) return {};
  return {
    require_pushed_authorization_requests: true,
    // Else every algorithm would be good. Without keys none is, and the engine refuses a client that names one.
    ...(hasKeys(metadata) && {
      request_object_signing_alg:
        metadata['request_object_signing_alg'] ?? REQUEST_OBJECT_ALGORITHM,
    }),
    ...(profile === 'fapi2-message-signing' && { require_signed_request_object: true }),
  };
}

function hasKeys(metadata: JsonObject): boolean {
  return metadata['jwks'] !== undefined || metadata['jwks_uri'] !== undefined;
}
