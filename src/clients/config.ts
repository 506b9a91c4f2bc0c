import { z } from 'zod';
import { optionalDuration, origin, secret, sensitive } from '../config/values.ts';
import { apiEncryption, apiEncryptionProblems } from './api-encryption.ts';
import { isClientId } from './client-id.ts';
import { exchangePolicy } from './exchange-policy.ts';
import { metadataOf, settingNameOf } from './declared-metadata.ts';
import { needsSecret, readMetadata } from './metadata.ts';
import { METADATA_FIELDS as FIELD } from './metadata-fields.ts';
import { REGISTERED_SETTINGS } from './registered-settings.ts';
import { SECURITY_PROFILES } from './security-profile.ts';

const identifier = z
  .string()
  .max(255)
  .regex(/^[\x21-\x7E]+$/, { error: 'expected an absolute URI, or a name without spaces' });

/** Ids that begin so are of our own pages, which are clients, too. */
export const OWN_CLIENT_PREFIX = 'latchkey-';

const policy = {
  profile: z
    .enum(SECURITY_PROFILES)
    .optional()
    .describe(
      'Holds it to the FAPI 2.0 Security Profile, or to Message Signing as well: whatever is weaker is refused.',
    ),
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
  apiScopes: z
    .record(identifier, z.array(z.string().min(1).max(280)))
    .optional()
    .describe(
      'By API: the scopes that it may ask for, and no others; it may ask tokens of these APIs, whatever `apis` says.',
    ),
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
  ...REGISTERED_SETTINGS,
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
      const rules = { isDev: true, isStrict: true, security: declared.profile };
      const { problems } = readMetadata(metadataOf(declared), rules);
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
  encryption: apiEncryption
    .optional()
    .describe('Encrypts its JWTs so that it alone can read them; needs protocol.encryption.'),
  accessTokenTtl: optionalDuration().describe('Life of its tokens; left out: tokens.accessToken.'),
  statusList: z
    .boolean()
    .default(true)
    .describe('Its JWTs name their place in a status list, where statusLists is enabled.'),
  publishMetadata: z
    .boolean()
    .default(false)
    .describe(
      'Publishes here what clients must know of it (RFC 9728): for an API behind the same host as this provider; others publish it themselves.',
    ),
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
    apis.forEach((declared, index) => {
      const { identifier: name, scopes, claims } = declared;
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
      for (const { path, message } of apiEncryptionProblems(declared))
        add(['encryption', ...path], message);
    });
  })
  .describe('APIs that access tokens can be for (RFC 8707).');
