import type { ClientPolicy, NewClient } from '../clients/clients.ts';
import type { JsonObject } from '../runtime/json.ts';

/** What an app can be, in words that stand for its grants and its way to authenticate. */
export const CLIENT_KINDS = ['web', 'spa', 'native', 'machine'] as const;

/** What `client create` was told. */
export interface CreateFlags {
  readonly type: string;
  readonly id?: string;
  readonly name?: string;
  readonly redirectUri?: readonly string[];
  readonly postLogoutRedirectUri?: readonly string[];
  readonly corsOrigin?: readonly string[];
  readonly api?: readonly string[];
  readonly firstParty?: true;
  readonly metadata?: JsonObject;
}

const SIGNS_PEOPLE_IN: JsonObject = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};
const METADATA: Readonly<Record<(typeof CLIENT_KINDS)[number], JsonObject>> = {
  web: {
    ...SIGNS_PEOPLE_IN,
    application_type: 'web',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  // What runs in a browser or on a device can keep no secret (RFC 9700 section 2.1.1, RFC 8252 section 8.5).
  spa: { ...SIGNS_PEOPLE_IN, application_type: 'web', token_endpoint_auth_method: 'none' },
  native: { ...SIGNS_PEOPLE_IN, application_type: 'native', token_endpoint_auth_method: 'none' },
  machine: {
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    application_type: 'web',
    token_endpoint_auth_method: 'client_secret_basic',
  },
};

/** The client that `flags` ask for, or what is missing, in words. */
export function newClient(flags: CreateFlags): NewClient | string {
  const kind = CLIENT_KINDS.find((known) => known === flags.type);
  if (kind === undefined) return `Give --type as one of ${CLIENT_KINDS.join(', ')}.`;
  const redirectUris = flags.redirectUri ?? [];
  if (kind !== 'machine' && redirectUris.length === 0 && !flags.metadata?.['redirect_uris']) {
    return `Give --redirect-uri: where the ${kind} app wants people to come back to.`;
  }
  return {
    id: flags.id,
    metadata: {
      ...METADATA[kind],
      ...(flags.name !== undefined && { client_name: flags.name }),
      ...(redirectUris.length > 0 && { redirect_uris: redirectUris }),
      ...(flags.postLogoutRedirectUri && {
        post_logout_redirect_uris: flags.postLogoutRedirectUri,
      }),
      ...flags.metadata,
    },
    policy: policyOf(kind, flags),
  };
}

function policyOf(kind: (typeof CLIENT_KINDS)[number], flags: CreateFlags): Partial<ClientPolicy> {
  const corsOrigins =
    flags.corsOrigin ?? (kind === 'spa' ? originsOf(flags.redirectUri ?? []) : []);
  return {
    ...(flags.firstParty && { firstParty: true }),
    ...(kind === 'native' && { anyLoopbackPort: true }),
    ...(flags.api && { apis: flags.api }),
    ...(corsOrigins.length > 0 && { corsOrigins }),
  };
}

/** A single-page app calls the token endpoint from the page it came back to. */
function originsOf(uris: readonly string[]): readonly string[] {
  return [...new Set(uris.flatMap((uri) => URL.parse(uri)?.origin ?? []))];
}
