import { createHash } from 'node:crypto';
import type { ResourceServer } from '../clients/clients.ts';
import type { SigningKey, SigningKeys } from '../signing-keys/signing-keys.ts';
import type { PreparedDocument } from './contract.ts';
import { joinAnnouncements, type Feature } from './features/feature.ts';
import { resourceMetadata } from './resource-metadata.ts';
import { OAUTH_METADATA, OPENID_CONFIGURATION, ROUTES, type Endpoints } from './routes.ts';

const METADATA_MAX_AGE_SECONDS = 3600;
const METADATA_TYPE = 'application/json; charset=utf-8';
/** RFC 7517 section 8.5.2. */
const KEY_SET_TYPE = 'application/jwk-set+json; charset=utf-8';

/** What discovery says beyond the endpoints. */
export interface Announced {
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  readonly acrValues: readonly string[];
  readonly algorithms: readonly string[];
  readonly clientAuthMethods: readonly string[];
  readonly clientAuthAlgorithms: readonly string[];
  readonly hasRegistration: boolean;
  /** Values of `prompt`. */
  readonly prompts: readonly string[];
  /** Where the URIs of all status lists are told; undefined: there are none. */
  readonly statusListAggregation: string | undefined;
  readonly features: readonly Feature[];
  readonly apis: readonly ResourceServer[];
}

/** The documents of one generation by path. */
export type Documents = (path: string) => PreparedDocument | undefined;

/** Prepares what is the same for everyone until the keys change. URLs begin with the issuer, whoever asks. */
export function createDocuments(options: {
  readonly endpoints: Endpoints;
  /** Those that verifiers and whoever encrypts to us may know. */
  readonly keys: readonly Pick<SigningKey, 'publicJwk'>[];
  readonly signingKeys: SigningKeys;
  readonly announced: Announced;
}): Documents {
  const { endpoints, signingKeys, announced } = options;
  const authorization = joinAnnouncements(discovery(endpoints, announced), announced.features);
  const metadata = prepare(authorization, METADATA_TYPE, () => METADATA_MAX_AGE_SECONDS);
  const keys = prepare({ keys: options.keys.map(({ publicJwk }) => publicJwk) }, KEY_SET_TYPE, () =>
    signingKeys.jwksMaxAgeSeconds(),
  );
  const resources = [...resourceMetadata(announced.apis, authorization)].map(
    ([path, content]) =>
      [path, prepare(content, METADATA_TYPE, () => METADATA_MAX_AGE_SECONDS)] as const,
  );
  const byPath = new Map([
    ...resources,
    [`${endpoints.base}${OPENID_CONFIGURATION}`, metadata],
    [`${endpoints.base}${OAUTH_METADATA}`, metadata],
    // RFC 8414 section 3.1 puts the path of the issuer behind the well-known part.
    [`${OAUTH_METADATA}${endpoints.base}`, metadata],
    [`${endpoints.base}${ROUTES.jwks}`, keys],
  ]);
  return (path) => byPath.get(path);
}

function prepare(content: object, contentType: string, maxAge: () => number): PreparedDocument {
  const body = Buffer.from(JSON.stringify(content));
  const hash = createHash('sha256').update(body).digest('base64url');
  return {
    body,
    etag: `"${hash}"`,
    contentType,
    // Asked for at each answer: on a node cut off from state the key set may be kept ever shorter.
    get cacheControl() {
      return `public, max-age=${maxAge()}`;
    },
  };
}

/** OpenID Connect Discovery section 3, RFC 8414 section 2, RFC 9207; the features add their own. */
function discovery(endpoints: Endpoints, announced: Announced): Readonly<Record<string, unknown>> {
  const { issuer, url } = endpoints;
  return {
    issuer,
    ...endpointsIn(url, announced.hasRegistration),
    scopes_supported: announced.scopes,
    claims_supported: announced.claims,
    claim_types_supported: ['normal'],
    acr_values_supported: announced.acrValues,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    subject_types_supported: ['public'],
    code_challenge_methods_supported: ['S256'],
    ...clientAuthenticationIn(announced),
    id_token_signing_alg_values_supported: announced.algorithms,
    authorization_response_iss_parameter_supported: true,
    claims_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    // OpenID Connect Initiating User Registration section 4.1.2.
    prompt_values_supported: announced.prompts,
    // draft-ietf-oauth-status-list section 9.1; JSON leaves out what is undefined.
    status_list_aggregation_endpoint: announced.statusListAggregation,
  };
}

function endpointsIn(url: (path: string) => string, hasRegistration: boolean): object {
  return {
    authorization_endpoint: url(ROUTES.authorization),
    token_endpoint: url(ROUTES.token),
    userinfo_endpoint: url(ROUTES.userinfo),
    jwks_uri: url(ROUTES.jwks),
    introspection_endpoint: url(ROUTES.introspection),
    revocation_endpoint: url(ROUTES.revocation),
    end_session_endpoint: url(ROUTES.end_session),
    ...(hasRegistration ? { registration_endpoint: url(ROUTES.registration) } : {}),
  };
}

function clientAuthenticationIn({ clientAuthMethods, clientAuthAlgorithms }: Announced): object {
  const named = ['token', 'introspection', 'revocation'].flatMap((endpoint) => [
    [`${endpoint}_endpoint_auth_methods_supported`, clientAuthMethods],
    [`${endpoint}_endpoint_auth_signing_alg_values_supported`, clientAuthAlgorithms],
  ]);
  return Object.fromEntries(named);
}
