import type { Metadata, MetadataName, MetadataProblem } from './metadata-fields.ts';

/** Profiles that a client can be held to, the weaker first. */
export const SECURITY_PROFILES = ['fapi2', 'fapi2-message-signing'] as const;

/** FAPI 2.0 Security Profile; with signed messages, FAPI 2.0 Message Signing, too. */
export type SecurityProfile = (typeof SECURITY_PROFILES)[number];

/** FAPI 2.0 Security Profile section 5.4.1. */
export const STRONG_ALGORITHMS: ReadonlySet<unknown> = new Set(['PS256', 'ES256', 'EdDSA']);

/** How clients prove themselves (FAPI 2.0 Security Profile section 5.3.2.1). */
export const STRONG_METHODS: ReadonlySet<unknown> = new Set([
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
]);
const GRANTS: ReadonlySet<string> = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
]);
const ALGORITHM_NAMES = [
  'token_endpoint_auth_signing_alg',
  'request_object_signing_alg',
  'id_token_signed_response_alg',
  'authorization_signed_response_alg',
  'introspection_signed_response_alg',
  'userinfo_signed_response_alg',
] as const;
/** What these are set to by default is too weak. */
const NEEDED_FOR_PEOPLE: ReadonlySet<MetadataName> = new Set(['id_token_signed_response_alg']);
const NEEDED_FOR_SIGNED_MESSAGES: ReadonlySet<MetadataName> = new Set([
  'request_object_signing_alg',
  'authorization_signed_response_alg',
]);

/** The stronger of two, where each may be none. */
export function strongerProfile(
  one: SecurityProfile | undefined,
  other: SecurityProfile | undefined,
): SecurityProfile | undefined {
  return SECURITY_PROFILES.findLast((profile) => profile === one || profile === other);
}

/** Every way in which a client falls short of `profile` (FAPI 2.0 Security Profile section 5.3.2, Message Signing section 5). */
export function profileProblems(
  metadata: Metadata,
  profile: SecurityProfile | undefined,
): readonly MetadataProblem[] {
  if (profile === undefined) return [];
  const problemIf = (isWrong: boolean, path: MetadataProblem['path'], must: string) =>
    isWrong ? [{ path, message: `${must}, in the profile ${profile}` }] : [];
  const {
    grant_types: grants = [],
    response_types: types = [],
    redirect_uris: uris = [],
  } = metadata;
  return [
    ...problemIf(
      !STRONG_METHODS.has(metadata.token_endpoint_auth_method),
      ['token_endpoint_auth_method'],
      `must be one of ${[...STRONG_METHODS].join(', ')}`,
    ),
    ...problemIf(
      metadata.dpop_bound_access_tokens !== true &&
        metadata.tls_client_certificate_bound_access_tokens !== true,
      ['dpop_bound_access_tokens'],
      'must be true, or tls_client_certificate_bound_access_tokens',
    ),
    ...problemIf(
      grants.some((grant) => !GRANTS.has(grant)),
      ['grant_types'],
      `must hold none but ${[...GRANTS].join(', ')}`,
    ),
    ...problemIf(
      types.some((type) => type !== 'code'),
      ['response_types'],
      'must hold none but code',
    ),
    ...uris.flatMap((uri, index) =>
      problemIf(!uri.startsWith('https:'), ['redirect_uris', index], 'must be https'),
    ),
    ...algorithmNames(metadata, profile).flatMap((name) =>
      problemIf(
        !STRONG_ALGORITHMS.has(metadata[name]),
        [name],
        `must be one of ${[...STRONG_ALGORITHMS].join(', ')}`,
      ),
    ),
    ...problemIf(
      profile === 'fapi2-message-signing' &&
        types.length > 0 &&
        metadata.jwks === undefined &&
        metadata.jwks_uri === undefined,
      ['jwks'],
      'is missing, as is jwks_uri: requests are signed',
    ),
  ];
}

/** Those that are set, or must be. */
function algorithmNames(
  metadata: Metadata,
  profile: SecurityProfile,
): readonly (typeof ALGORITHM_NAMES)[number][] {
  const hasPeople = (metadata.response_types ?? []).length > 0;
  const isSigned = profile === 'fapi2-message-signing';
  return ALGORITHM_NAMES.filter((name) => {
    const isNeeded =
      NEEDED_FOR_PEOPLE.has(name) || (isSigned && NEEDED_FOR_SIGNED_MESSAGES.has(name));
    return metadata[name] !== undefined || (hasPeople && isNeeded);
  });
}
