import { z } from 'zod';
import { optionalDuration, origin, secret, sensitive } from '../config/values.ts';
import { isClientId } from './client-id.ts';
import { exchangePolicy } from './exchange-policy.ts';
import { metadataOf, settingNameOf } from './declared-metadata.ts';
import { needsSecret, readMetadata } from './metadata.ts';
import { METADATA_FIELDS as FIELD } from './metadata-fields.ts';

const identifier = z
  .string()
  .max(255)
  .regex(/^[\x21-\x7E]+$/, { error: 'expected an absolute URI, or a name without spaces' });

/** Ids that begin so are of our own pages, which are clients, too. */
export const OWN_CLIENT_PREFIX = 'latchkey-';

/** Under their RFC 7591 names in our spelling: `redirect_uris` is `redirectUris`. */
const registered = {
  redirectUris: FIELD.redirect_uris
    .optional()
    .describe('Where people may be sent back to; compared byte for byte.'),
  postLogoutRedirectUris: FIELD.post_logout_redirect_uris
    .optional()
    .describe('Where people may be sent after they signed out.'),
  backchannelLogoutUri: FIELD.backchannel_logout_uri
    .optional()
    .describe('Called when a session ends (OpenID Connect Back-Channel Logout).'),
  backchannelLogoutSessionRequired: FIELD.backchannel_logout_session_required
    .optional()
    .describe('Whether that call must name the session.'),
  uri: FIELD.client_uri.optional().describe('Home page of the client.'),
  logoUri: FIELD.logo_uri.optional().describe('Logo, shown where people sign in.'),
  policyUri: FIELD.policy_uri.optional().describe('Privacy policy, linked where people consent.'),
  tosUri: FIELD.tos_uri.optional().describe('Terms of service, linked where people consent.'),
  contacts: FIELD.contacts.optional().describe('E-mail addresses of who is responsible.'),
  scope: FIELD.scope.optional().describe('Scopes it may ask for; left out: any.'),
  grantTypes: FIELD.grant_types.optional().describe('Grant types; left out: as `type` suggests.'),
  responseTypes: FIELD.response_types
    .optional()
    .describe(
      'What it may ask for at /authorize; left out: a code. Those with id_token need protocol.idTokenResponses and the grant type implicit.',
    ),
  tokenEndpointAuthMethod: FIELD.token_endpoint_auth_method
    .optional()
    .describe('How it proves itself; left out: by secret, or not at all, as `type` suggests.'),
  tokenEndpointAuthSigningAlg: FIELD.token_endpoint_auth_signing_alg
    .optional()
    .describe('The one algorithm of its assertions.'),
  jwks: FIELD.jwks.optional().describe('Its public keys, for private_key_jwt.'),
  jwksUri: FIELD.jwks_uri.optional().describe('Where its public keys are.'),
  idTokenSignedResponseAlg: FIELD.id_token_signed_response_alg
    .optional()
    .describe('Algorithm of its ID tokens; left out: RS256.'),
  defaultMaxAge: FIELD.default_max_age
    .optional()
    .describe('Seconds after which people sign in anew unless the request says otherwise.'),
  requireAuthTime: FIELD.require_auth_time
    .optional()
    .describe('Whether its ID tokens always say when people signed in.'),
  defaultAcrValues: FIELD.default_acr_values
    .optional()
    .describe('Authentication contexts it asks for by default.'),
  authorizationSignedResponseAlg: FIELD.authorization_signed_response_alg
    .optional()
    .describe('Algorithm of its signed authorization answers (JARM); left out: RS256.'),
  introspectionSignedResponseAlg: FIELD.introspection_signed_response_alg
    .optional()
    .describe('Algorithm of signed introspection answers to it (RFC 9701); left out: JSON.'),
  userinfoSignedResponseAlg: FIELD.userinfo_signed_response_alg
    .optional()
    .describe('Algorithm of its signed userinfo; left out: JSON.'),
  requestObjectSigningAlg: FIELD.request_object_signing_alg
    .optional()
    .describe('The one algorithm of its signed requests (RFC 9101).'),
  requireSignedRequestObject: FIELD.require_signed_request_object
    .optional()
    .describe('Takes its requests only signed (RFC 9101).'),
  subjectType: FIELD.subject_type
    .optional()
    .describe(
      'pairwise: it knows people by names that no client of another sector knows; needs protocol.pairwiseSubjects.',
    ),
  sectorIdentifierUri: FIELD.sector_identifier_uri
    .optional()
    .describe('Lists the redirect URIs of all clients of its sector (OpenID Connect Core 8.1).'),
  initiateLoginUri: FIELD.initiate_login_uri
    .optional()
    .describe('Where a sign-in can be begun from here.'),
  requirePushedAuthorizationRequests: FIELD.require_pushed_authorization_requests
    .optional()
    .describe('Takes its requests only pushed (RFC 9126).'),
  dpopBoundAccessTokens: FIELD.dpop_bound_access_tokens
    .optional()
    .describe('Gets only tokens bound to a key (RFC 9449).'),
};

const policy = {
  firstParty: z
    .boolean()
    .default(false)
    .describe('One of your own: people are not asked to consent.'),
  secondFactor: z
    .enum(['never', 'if-enrolled', 'required'])
    .optional()
    .describe('When its people are asked for a second factor; left out: as `authentication` says.'),
  requirePkce: z
    .boolean()
    .default(true)
    .describe('Whether a client with a secret must use PKCE; public ones always must.'),
  anyLoopbackPort: z
    .boolean()
    .optional()
    .describe(
      'Any port of its http loopback URIs is good; left out: for native clients, and in dev.',
    ),
  accessTokenFormat: z
    .enum(['jwt', 'opaque'])
    .optional()
    .describe('Form of its access tokens; left out: as the API says.'),
  accessTokenTtl: optionalDuration().describe('Life of its access tokens.'),
  idTokenTtl: optionalDuration().describe('Life of its ID tokens.'),
  refreshTokenIdle: optionalDuration().describe('How long a refresh token may lie unused.'),
  refreshTokenAbsolute: optionalDuration().describe('How long it may be refreshed in all.'),
  claimsInIdToken: z
    .boolean()
    .default(false)
    .describe(
      'Puts the claims of scopes into the ID token too, for libraries that look nowhere else.',
    ),
  introspects: z
    .array(identifier)
    .default([])
    .describe('APIs whose tokens it may introspect, beside its own.'),
  apis: z
    .array(identifier)
    .optional()
    .describe('APIs it may ask tokens of; left out: any that is not restricted.'),
  tokenExchange: exchangePolicy
    .optional()
    .describe(
      'Which tokens it may exchange, and for what (RFC 8693); needs protocol.tokenExchange and the grant type.',
    ),
  corsOrigins: z
    .array(origin())
    .optional()
    .describe(
      "Origins that may call from a browser; left out: those of a public client's redirect URIs.",
    ),
};

const client = z.strictObject({
  id: z
    .string()
    .refine(isClientId, { error: 'expected 1 to 128 letters, digits, or . _ ~ - : / @ +' })
    .describe('The `client_id`.'),
  name: FIELD.client_name.optional().describe('Name that people see; left out: the id.'),
  type: z
    .enum(['web', 'spa', 'native', 'device', 'machine'])
    .default('web')
    .describe(
      'web: has a server and a secret; spa: runs in the browser; native: an app or a command; device: a television or a command without a browser, which shows a code; machine: acts for itself.',
    ),
  secret: secret()
    .optional()
    .describe('Where the secret lies; needed unless the client is public.'),
  secretInClear: sensitive()
    .optional()
    .describe('The secret itself, for the dev profile only; elsewhere write `secret`.'),
  ...registered,
  ...policy,
});

/** A client as the configuration declares it. */
export type DeclaredClient = z.output<typeof client>;

/** Relying parties that the configuration declares. They exist for as long as they are declared. */
export const clientsConfig = z
  .array(client)
  .default([])
  .superRefine((clients, context) => {
    const ids = new Set<string>();
    clients.forEach((declared, index) => {
      const add = (path: readonly PropertyKey[], message: string): void =>
        context.addIssue({ code: 'custom', path: [index, ...path], message });
      // What only production refuses is refused at start, where the profile is known.
      const { problems } = readMetadata(metadataOf(declared), { isDev: true, isStrict: true });
      for (const { path, message } of problems) add(settingPath(path), message);
      const secretProblem = secretProblemOf(declared);
      if (secretProblem !== undefined) add(['secret'], secretProblem);
      if (declared.id.startsWith(OWN_CLIENT_PREFIX))
        add(['id'], `is reserved: ${OWN_CLIENT_PREFIX}... are pages of our own`);
      if (ids.has(declared.id)) add(['id'], 'is taken by another client');
      ids.add(declared.id);
    });
  })
  .describe('Clients: the apps that people sign in to, and machines.');

function secretProblemOf(declared: DeclaredClient): string | undefined {
  const { secret: reference, secretInClear } = declared;
  if (reference !== undefined && secretInClear !== undefined) {
    return 'must not stand beside secretInClear: one of them is enough';
  }
  const isGiven = reference !== undefined || secretInClear !== undefined;
  if (isGiven === needsSecret(metadataOf(declared))) return undefined;
  return isGiven ? 'must not be there: the client does not use one' : 'is missing';
}

function settingPath([name = '', ...rest]: readonly (string | number)[]): readonly PropertyKey[] {
  return [settingNameOf(String(name)), ...rest];
}

const api = z.strictObject({
  identifier: identifier.describe(
    'What clients name as `resource` or `audience`; the `aud` of its tokens.',
  ),
  name: z.string().min(1).max(100).describe('Name that people see when they consent.'),
  scopes: z
    .record(
      z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, { error: 'expected a scope without spaces' }),
      z.string().min(1).max(200),
    )
    .default({})
    .describe('Its scopes, each in the words that people see when they consent.'),
  permissions: z
    .record(
      z
        .string()
        .max(200)
        .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, { error: 'expected a permission without spaces' }),
      z.string().min(1).max(200),
    )
    .default({})
    .describe('What roles of it may permit beside its scopes, each in words for operators.'),
  enforcePermissions: z
    .boolean()
    .default(false)
    .describe('People get only those of its scopes that a role of theirs permits.'),
  accessTokenFormat: z
    .enum(['jwt', 'opaque'])
    .default('jwt')
    .describe('jwt: the API verifies tokens itself; opaque: it asks by introspection.'),
  signingAlgorithm: z
    .enum(['ES256', 'RS256', 'PS256', 'EdDSA'])
    .default('ES256')
    .describe('Algorithm of its JWTs; one that signingKeys.algorithms has.'),
  accessTokenTtl: optionalDuration().describe('Life of its tokens; left out: tokens.accessToken.'),
  statusList: z
    .boolean()
    .default(true)
    .describe('Its JWTs name their place in a status list, where statusLists is enabled.'),
  restricted: z
    .boolean()
    .default(false)
    .describe('Only clients that list it under `apis` may ask for it.'),
  claims: z
    .record(z.string().min(1).max(255), z.string().min(1).max(100))
    .default({})
    .describe(
      'Claims of its tokens, each with the account attribute it comes from; `groups`, `roles` and `permissions` are what the person is and may do.',
    ),
});

/** An API as the configuration declares it. */
export type DeclaredApi = z.output<typeof api>;

/** Claims that say what a token is; no attribute may speak in their place (RFC 9068 section 2.2). */
const RESERVED_CLAIMS: ReadonlySet<string> = new Set(
  'iss sub aud exp nbf iat jti client_id scope auth_time acr amr cnf act azp sid gid rev from userinfo_claims status typ'.split(
    ' ',
  ),
);
/** Scopes that mean something else already (OpenID Connect Core sections 5.4 and 11). */
const RESERVED_SCOPES: ReadonlySet<string> = new Set(
  'openid profile email address phone offline_access'.split(' '),
);

/** APIs that access tokens can be for. */
export const apisConfig = z
  .array(api)
  .default([])
  .superRefine((apis, context) => {
    const seen = new Set<string>();
    apis.forEach(({ identifier: name, scopes, claims }, index) => {
      const add = (path: readonly PropertyKey[], message: string): void =>
        context.addIssue({ code: 'custom', path: [index, ...path], message });
      if (seen.has(name)) add(['identifier'], 'is taken by another API');
      seen.add(name);
      for (const scope of Object.keys(scopes)) {
        if (RESERVED_SCOPES.has(scope)) add(['scopes', scope], 'is a scope of OpenID Connect');
      }
      for (const claim of Object.keys(claims)) {
        if (RESERVED_CLAIMS.has(claim)) add(['claims', claim], 'is a claim of the token itself');
      }
    });
  })
  .describe('APIs that access tokens can be for (RFC 8707).');
