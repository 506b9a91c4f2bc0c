import { z } from 'zod';
import { origin } from '../../config/values.ts';
import { APP_TYPES, GRANT_TYPES, ORGANIZATION_USAGES } from '../config.ts';
import { exactly } from '../management/exactly.ts';

const TEXT_MAX = 255;
const ID_TOKEN_SECONDS_MAX = 86_400;
const METADATA_MAX = 10;

const url = z.string().min(1).max(2000);
const urls = z.array(url).max(100);
const origins = z.array(origin()).max(100);
const seconds = z.int().min(1);
/** A field of Auth0's that is here for its one value alone. */
const only = <Value extends boolean>(value: Value, why: string): z.ZodLiteral<Value> =>
  z.literal(value, { error: `must be ${value}: ${why}` });

const jwtConfiguration = exactly({
  alg: z.literal('RS256', { error: 'must be RS256: tokens are signed by no other here' }),
  lifetime_in_seconds: seconds.max(ID_TOKEN_SECONDS_MAX),
  secret_encoded: z.boolean(),
  scopes: exactly({}),
}).partial();

const refreshToken = exactly({
  rotation_type: z.enum(['rotating', 'non-rotating']),
  expiration_type: z.enum(['expiring', 'non-expiring']),
  leeway: z.int().min(0),
  token_lifetime: seconds,
  idle_token_lifetime: seconds,
  infinite_token_lifetime: z.boolean(),
  infinite_idle_token_lifetime: z.boolean(),
}).partial();

/** What an application is, by the names of Auth0; what is not kept here is refused, not dropped. */
const fields = {
  name: z.string().trim().min(1).max(100),
  app_type: z.enum(APP_TYPES),
  logo_uri: url,
  callbacks: urls,
  allowed_logout_urls: urls,
  web_origins: origins,
  allowed_origins: origins,
  grant_types: z.array(z.enum(GRANT_TYPES)).max(GRANT_TYPES.length),
  token_endpoint_auth_method: z.enum(['none', 'client_secret_post', 'client_secret_basic']),
  is_first_party: z.boolean(),
  jwt_configuration: jwtConfiguration,
  refresh_token: refreshToken,
  initiate_login_uri: url,
  oidc_logout: exactly({
    backchannel_logout_urls: z.array(url).max(1, { error: 'may hold one' }),
  }).partial(),
  require_pushed_authorization_requests: z.boolean(),
  organization_usage: z.enum(ORGANIZATION_USAGES),
  client_metadata: z
    .record(z.string().min(1).max(TEXT_MAX), z.string().max(TEXT_MAX))
    .refine((all) => Object.keys(all).length <= METADATA_MAX, { error: 'has too many properties' }),
  oidc_conformant: only(true, 'every application is here'),
  organization_require_behavior: z.literal('no_prompt', {
    error: 'must be no_prompt: nobody is asked for an organization here',
  }),
  cross_origin_authentication: only(false, 'there is no /co/authenticate'),
  cross_origin_auth: only(false, 'there is no /co/authenticate'),
  is_token_endpoint_ip_header_trusted: only(false, 'there is no auth0-forwarded-for'),
  require_proof_of_possession: only(false, 'tenants have no DPoP'),
  // Without effect: kept and told, since tools send them.
  description: z.string().max(140),
  sso: z.boolean(),
  sso_disabled: z.boolean(),
  custom_login_page_on: z.boolean(),
  client_aliases: z.array(z.string().max(TEXT_MAX)).max(100),
};

/** An application as it is kept. */
export const application = exactly(fields).partial().required({ name: true });

export type Application = z.output<typeof application>;
