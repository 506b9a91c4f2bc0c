import { FURTHER_GRANT } from './further-grants.ts';
import type { Metadata, MetadataName, MetadataProblem } from './metadata-fields.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const CIBA_GRANT = 'urn:openid:params:grant-type:ciba';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Whether grants, response types and redirect URIs belong together (RFC 7591 section 2.1). */
export function flowProblems(
  metadata: Metadata,
  told: readonly MetadataProblem[],
): readonly MetadataProblem[] {
  const grants = new Set(metadata.grant_types);
  const isTold = (name: MetadataName): boolean => told.some(({ path }) => path[0] === name);
  const types = metadata.response_types ?? [];
  const hasCode = types.some((type) => type.startsWith('code'));
  const hasIdToken = types.some((type) => type.endsWith('id_token'));
  if (isTold('grant_types') || isTold('response_types') || isTold('redirect_uris')) return [];
  return [
    ...problemIf(
      hasCode !== grants.has('authorization_code'),
      'response_types',
      'must hold code with the grant type authorization_code, and not without it',
    ),
    ...problemIf(
      hasIdToken !== grants.has('implicit'),
      'response_types',
      'must hold one with id_token with the grant type implicit, and none without it',
    ),
    ...problemIf(
      types.length > 0 && metadata.redirect_uris?.length === 0,
      'redirect_uris',
      'must name at least one URI, since the client has people sign in',
    ),
    ...problemIf(
      grants.has('refresh_token') && !hasCode && ![...grants].some(isOfPeople),
      'grant_types',
      'must not hold refresh_token without a grant of people: there would be nothing to refresh',
    ),
    ...credentialProblems(metadata, grants),
    ...deliveryProblems(metadata, grants),
  ];
}

/** Whether there is something to refresh after it. */
function isOfPeople(grant: string): boolean {
  return grant === DEVICE_GRANT || grant === CIBA_GRANT || FURTHER_GRANT.test(grant);
}

/** How a client hears of what people answer elsewhere (CIBA section 4). */
function deliveryProblems(
  metadata: Metadata,
  grants: ReadonlySet<string>,
): readonly MetadataProblem[] {
  const mode = metadata.backchannel_token_delivery_mode;
  const endpoint = metadata.backchannel_client_notification_endpoint;
  return [
    ...problemIf(
      grants.has(CIBA_GRANT) !== (mode !== undefined),
      'backchannel_token_delivery_mode',
      `must be poll or ping with the grant type ${CIBA_GRANT}, and not without it`,
    ),
    ...problemIf(
      (mode === 'ping') !== (endpoint !== undefined),
      'backchannel_client_notification_endpoint',
      'is where a client is told with ping, and of no use without it',
    ),
  ];
}

/** Of grants by which a client uses its own credentials. */
function credentialProblems(
  { token_endpoint_auth_method: method }: Metadata,
  grants: ReadonlySet<string>,
): readonly MetadataProblem[] {
  return ['client_credentials', TOKEN_EXCHANGE, JWT_BEARER, CIBA_GRANT].flatMap((grant) =>
    problemIf(
      grants.has(grant) && method === 'none',
      'grant_types',
      `must not hold ${grant}: the client has no credentials`,
    ),
  );
}

/** Whether the way a client proves itself has what it needs. */
export function authenticationProblems(metadata: Metadata): readonly MetadataProblem[] {
  const method = metadata.token_endpoint_auth_method;
  const algorithm = metadata.token_endpoint_auth_signing_alg;
  const hasKeys = metadata.jwks !== undefined || metadata.jwks_uri !== undefined;
  const isHmac = algorithm?.startsWith('HS') === true;
  return [
    ...problemIf(
      metadata.jwks !== undefined && metadata.jwks_uri !== undefined,
      'jwks',
      'must not stand beside jwks_uri: one of them is enough',
    ),
    ...problemIf(
      method === 'private_key_jwt' && !hasKeys,
      'jwks',
      'is missing, as is jwks_uri: private_key_jwt needs the public keys',
    ),
    ...certificateProblems(metadata, hasKeys),
    ...problemIf(
      algorithm !== undefined && method !== (isHmac ? 'client_secret_jwt' : 'private_key_jwt'),
      'token_endpoint_auth_signing_alg',
      `must not be ${algorithm} with ${method}`,
    ),
    ...problemIf(
      method === 'none' && metadata.id_token_signed_response_alg === 'HS256',
      'id_token_signed_response_alg',
      'must not be HS256: the client has no secret to verify it with',
    ),
  ];
}

/** One sector for each client with pairwise subjects (OpenID Connect Core section 8.1). */
export function subjectProblems(metadata: Metadata): readonly MetadataProblem[] {
  if (metadata.subject_type !== 'pairwise' || metadata.sector_identifier_uri !== undefined)
    return [];
  const uris = metadata.redirect_uris ?? [];
  const hosts = new Set(uris.map((uri) => URL.parse(uri)?.host));
  return problemIf(
    hosts.size > 1 || (hosts.size === 0 && metadata.jwks_uri === undefined),
    'sector_identifier_uri',
    'is missing: pairwise subjects need it unless all redirect URIs have one host',
  );
}

const CERTIFICATE_NAMES = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const;

/** RFC 8705 sections 2.1.2 and 2.2.2. */
function certificateProblems(metadata: Metadata, hasKeys: boolean): readonly MetadataProblem[] {
  const method = metadata.token_endpoint_auth_method;
  const [first, second] = CERTIFICATE_NAMES.filter((name) => metadata[name] !== undefined);
  const isSelfSigned = method === 'self_signed_tls_client_auth';
  const isShown = metadata.jwks?.keys.some(({ x5c = [] }) => x5c.length > 0) !== false;
  return [
    ...problemIf(
      method === 'tls_client_auth' && first === undefined,
      'tls_client_auth_subject_dn',
      'is missing, as is every other tls_client_auth_...: tls_client_auth needs one name of the certificate',
    ),
    ...problemIf(
      method !== 'tls_client_auth' && first !== undefined,
      first ?? 'tls_client_auth_subject_dn',
      'is of use with tls_client_auth alone',
    ),
    ...problemIf(
      second !== undefined,
      second ?? 'tls_client_auth_subject_dn',
      `must not stand beside ${first ?? ''}: one name of the certificate is enough`,
    ),
    ...problemIf(
      isSelfSigned && (!hasKeys || !isShown),
      'jwks',
      'must hold the certificate as `x5c`, or jwks_uri be there: self_signed_tls_client_auth is held against it',
    ),
  ];
}

function problemIf(
  isWrong: boolean,
  name: MetadataName,
  message: string,
): readonly MetadataProblem[] {
  return isWrong ? [{ path: [name], message }] : [];
}
