import { z } from 'zod';
import { tlsConfig } from '../http/config.ts';
import { GRANT } from './authentication/names.ts';
import { METADATA_FIELDS } from '../clients/metadata-fields.ts';
import { duration, givenSecret, origin, secret, sensitive } from '../config/values.ts';
import { MANAGEMENT_SCOPES } from './management/scopes.ts';

const ISSUER_EXPECTED =
  'expected an issuer such as "https://auth.example.com/": a host of its own, no path, and the slash at the end';
/** As Auth0 has it. */
export const ORGANIZATION_NAME = /^[a-z0-9][a-z0-9_-]{0,49}$/;
/** What applications may ask for tokens by. */
export const GRANT_TYPES = [
  'authorization_code',
  'implicit',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  ...Object.values(GRANT),
] as const;
export const APP_TYPES = ['spa', 'regular_web', 'native', 'non_interactive'] as const;
/** Whether applications name organizations. */
export const ORGANIZATION_USAGES = ['deny', 'allow', 'require'] as const;
/** Shapes of access tokens. */
export const TOKEN_DIALECTS = [
  'access_token',
  'access_token_authz',
  'rfc9068_profile',
  'rfc9068_profile_authz',
] as const;

const url = z.url().max(2000);

const tenantClient = z.strictObject({
  clientId: z.string().min(1).max(128).describe('The `client_id`.'),
  name: z.string().min(1).max(100).optional().describe('Name that people see; left out: the id.'),
  appType: z
    .enum(APP_TYPES)
    .default('regular_web')
    .describe('What kind of application it is; spa and native have no secret.'),
  clientSecret: secret()
    .optional()
    .describe('Where the secret lies; needed unless it is spa or native, or has `jwks`.'),
  clientSecretInClear: sensitive()
    .optional()
    .describe('The secret itself, for the dev profile only; elsewhere write `clientSecret`.'),
  jwks: METADATA_FIELDS.jwks
    .optional()
    .describe('Its public keys, by which it proves itself (private_key_jwt) in place of a secret.'),
  callbacks: z.array(url).default([]).describe('Allowed callback URLs, compared byte for byte.'),
  allowedLogoutUrls: z
    .array(url)
    .default([])
    .describe('Where /v2/logout may lead to; query and fragment do not count.'),
  backchannelLogoutUrl: url
    .optional()
    .describe('Where a logout token is posted when a session ends in which people used it.'),
  initiateLoginUrl: url
    .optional()
    .describe('Where it takes up invitations to organizations and leads to sign-in; https.'),
  webOrigins: z
    .array(origin())
    .default([])
    .describe('Origins that may call from a browser, beside those of the callbacks.'),
  grantTypes: z
    .array(z.enum(GRANT_TYPES))
    .min(1)
    .optional()
    .describe(
      'Left out: client_credentials for non_interactive; code, implicit and refresh for the others. Ways past our pages are there for those alone that name them.',
    ),
  audiences: z
    .array(z.string().min(1).max(255))
    .optional()
    .describe('APIs that it may ask tokens of; left out: any that is not restricted.'),
  organizationUsage: z
    .enum(ORGANIZATION_USAGES)
    .default('allow')
    .describe(
      'Whether it has people sign in in the name of organizations: never (deny), where it names one (allow), or always (require).',
    ),
  managementScopes: z
    .array(z.enum(MANAGEMENT_SCOPES))
    .min(1)
    .optional()
    .describe(
      'What it may do by the Management API (`ISSUER` + `api/v2/`), with a token by client_credentials; left out: nothing.',
    ),
});

const tenantApi = z.strictObject({
  identifier: z.string().min(1).max(255).describe('The API, as `apis` has it.'),
  tokenDialect: z
    .enum(TOKEN_DIALECTS)
    .default('access_token')
    .describe('Shape of its access tokens; with _authz they name the permissions of the person.'),
});

const organization = z.strictObject({
  id: z
    .string()
    .regex(/^org_[A-Za-z0-9]{1,46}$/, { error: 'expected org_ with letters and digits behind it' })
    .optional()
    .describe('Its `org_id`; left out: made of the names of tenant and organization.'),
  name: z
    .string()
    .regex(ORGANIZATION_NAME, {
      error: 'expected 1 to 50 lower-case letters, digits, _ and -, the first a letter or digit',
    })
    .describe('By which applications may name it, too.'),
  displayName: z.string().min(1).max(255).optional().describe('What people call it.'),
  members: z
    .array(z.string().min(1).max(254))
    .default([])
    .describe('Who is in it, by user name or address, beside those whom the API puts there.'),
});

const tenant = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: 'expected lower-case letters, digits and hyphens' })
    .describe('Short and stable: sessions and cookies of the tenant go by it.'),
  issuer: z
    .string()
    .refine(isTenantIssuer, { error: ISSUER_EXPECTED })
    .describe('The issuer, with the slash at the end that Auth0 has; its host is the domain.'),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
      port: z.int().min(0).max(65_535).describe('The port to listen on.'),
    })
    .describe('Where this tenant is reached; a listener of its own.'),
  tls: tlsConfig
    .optional()
    .describe('Its own HTTPS; left out: as `http.tls` says, with the same certificate.'),
  hosts: z
    .array(z.string().min(1))
    .default([])
    .describe('Host headers accepted beside that of the issuer.'),
  clients: z.array(tenantClient).default([]).describe('Applications.'),
  apis: z
    .array(tenantApi)
    .default([])
    .describe('APIs that tokens of the tenant may be for, each with the shape of its tokens.'),
  organizations: z
    .array(organization)
    .default([])
    .describe('Groups of people in whose name applications have them sign in.'),
  defaultAudience: z
    .string()
    .min(1)
    .optional()
    .describe('The API of requests that name none; left out: such tokens are opaque.'),
  allowedLogoutUrls: z
    .array(url)
    .default([])
    .describe('Where /v2/logout may lead to when no client is named.'),
  actions: z
    .strictObject({
      folder: z
        .string()
        .min(1)
        .describe('Files (.js, .cjs, .mjs) that export handlers as Auth0 has them; run by name.'),
      secrets: z
        .record(z.string().min(1).max(100), givenSecret())
        .default({})
        .describe('What actions find in `event.secrets`: where each lies, by its name.'),
      timeout: duration('5s').describe('How long all actions of one sign-in may take.'),
    })
    .optional()
    .describe(
      'Code of yours that is run at sign-in, refresh and machine exchange; left out: none.',
    ),
  refreshLeeway: duration('0s').describe(
    'How long a refresh token that was used may be used again.',
  ),
});

/** The shape of the access tokens of an API. */
export type TokenDialect = (typeof TOKEN_DIALECTS)[number];
/** A tenant as the configuration has it. */
export type TenantConfig = z.output<typeof tenant>;
/** An application of a tenant as the configuration has it. */
export type TenantClientConfig = z.output<typeof tenantClient>;

/** Tenants that stand in for Auth0's. None by default. */
export const auth0Config = z
  .strictObject({
    tenants: z
      .array(tenant)
      .default([])
      .describe('Origins that speak as an Auth0 tenant does; none: the capability is off.'),
    perAddress: z
      .int()
      .min(1)
      .default(20)
      .describe('Sign-ups and letters asked for in an hour from one IP address at most.'),
    overall: z.int().min(1).default(1000).describe('The same from everybody together.'),
  })
  .prefault({});

export type Auth0Config = z.output<typeof auth0Config>;

function isTenantIssuer(text: string): boolean {
  const parsed = URL.parse(text);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) return false;
  return parsed.href === text && text === `${parsed.origin}/`;
}
