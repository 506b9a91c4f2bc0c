import { FURTHER_GRANT } from '../../clients/further-grants.ts';
import type { ClientPolicy, ClientRevision } from '../../clients/clients.ts';
import type { Json, JsonObject } from '../../runtime/json.ts';
import { CLIENT_TYPES, responsesOf } from '../clients.ts';
import type { TenantConfig } from '../config.ts';
import { fitting } from '../management/call.ts';
import { invalidBody } from '../management/problem.ts';
import { profileOf } from '../profiles.ts';
import { SECTOR_URI } from '../subjects.ts';
import { application, type Application } from './fields.ts';
import { whole, type WholeApplication } from './whole.ts';

/** What applications may be, beside what their fields allow. */
export interface ApplicationRules {
  readonly tenant: Pick<TenantConfig, 'issuer' | 'name' | 'refreshLeeway'>;
  /** Seconds: no refresh token may live longer. */
  readonly longestRecord: number;
}

/** Objects that are changed by their members. */
const MERGED: ReadonlySet<string> = new Set([
  'client_metadata',
  'jwt_configuration',
  'refresh_token',
]);
const NEEDS_CALLBACK: ReadonlySet<string> = new Set(['authorization_code', 'implicit']);
const NOTHING_TO_REFRESH: ReadonlySet<string> = new Set(['client_credentials', 'refresh_token']);

/**
 * `before` with what `changes` say; `null` takes a field back to what it is by default.
 *
 * @throws {ManagementProblem} when it is no application then.
 */
export function changedApplication(
  before: Partial<Application>,
  changes: JsonObject,
  { tenant, longestRecord }: ApplicationRules,
): Application {
  const old: JsonObject = JSON.parse(JSON.stringify(before));
  const changed = fitting(application, { ...usageOf(old, changes), ...merged(old, changes) });
  const { rotation_type: rotation, leeway, token_lifetime: life } = whole(changed).refresh_token;
  if (rotation === 'rotating' && leeway !== undefined && leeway !== tenant.refreshLeeway)
    throw invalidBody(
      `'refresh_token.leeway': is one for all applications of the tenant, ${tenant.refreshLeeway}: leave it out, or change auth0.tenants[].refreshLeeway`,
    );
  if (life !== undefined && life > longestRecord)
    throw invalidBody(
      `'refresh_token.token_lifetime': may be ${longestRecord} at most (revocation.longestRecord)`,
    );
  refuseWithoutPage(whole(changed));
  return changed;
}

/** `deny` by default; what was made before that was said of each keeps `allow`. */
function usageOf(before: JsonObject, changes: JsonObject): Pick<Application, 'organization_usage'> {
  const isMade = before['name'] !== undefined;
  const isOpen = isMade && before['organization_usage'] === undefined;
  return isOpen && changes['organization_usage'] === undefined
    ? {}
    : { organization_usage: 'deny' };
}

/** In the name of an organization people sign in at our pages alone. @throws {ManagementProblem} */
function refuseWithoutPage({ organization_usage: usage, grant_types: grants }: Application): void {
  const past = grants?.find((grant) => FURTHER_GRANT.test(grant));
  if (usage === 'require' && past !== undefined)
    throw invalidBody(`'organization_usage': must not be require beside the grant type ${past}`);
}

/** The application as a client of the installation, which the tenant alone serves. */
export function clientOf(
  kept: Application,
  ownScopes: NonNullable<ClientPolicy['ownScopes']>,
  { tenant }: Pick<ApplicationRules, 'tenant'>,
): ClientRevision {
  const all = whole(kept);
  const grantTypes = usableGrants(all);
  const origins = all.callbacks
    .filter((url) => /^https?:/.test(url))
    .flatMap((url) => URL.parse(url)?.origin ?? []);
  return {
    metadata: {
      client_name: all.name,
      application_type: all.app_type === 'native' ? 'native' : 'web',
      redirect_uris: all.callbacks,
      post_logout_redirect_uris: all.allowed_logout_urls,
      grant_types: grantTypes,
      response_types: responsesOf(grantTypes),
      token_endpoint_auth_method: all.token_endpoint_auth_method,
      subject_type: 'pairwise',
      sector_identifier_uri: SECTOR_URI,
      ...given('logo_uri', all.logo_uri),
      ...given('initiate_login_uri', all.initiate_login_uri),
      ...backchannelOf(all.oidc_logout?.backchannel_logout_urls?.[0]),
      ...given('require_pushed_authorization_requests', all.require_pushed_authorization_requests),
    },
    policy: {
      firstParty: all.is_first_party,
      requirePkce: false,
      anyLoopbackPort: CLIENT_TYPES[all.app_type] === 'native',
      claimsInIdToken: true,
      corsOrigins: [...new Set([...all.web_origins, ...all.allowed_origins, ...origins])],
      idTokenTtlSeconds: all.jwt_configuration?.lifetime_in_seconds,
      ...refreshPolicy(all),
      ownScopes,
      keepsSecret: true,
      servedBy: profileOf(tenant).namespace,
      beside: JSON.parse(JSON.stringify(kept)),
    },
  };
}

function merged(before: JsonObject, changes: JsonObject): JsonObject {
  const all = { ...before };
  for (const [name, value] of Object.entries(changes)) {
    const old = before[name];
    const isWithin = MERGED.has(name) && isObject(value);
    const next = isWithin ? merged(isObject(old) ? old : {}, value) : value;
    if (next === null) delete all[name];
    else all[name] = next;
  }
  return all;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Those that lead anywhere: an application may be made before anybody knows its callbacks. */
function usableGrants({ callbacks, grant_types: grants }: WholeApplication): readonly string[] {
  const led = grants.filter((grant) => callbacks.length > 0 || !NEEDS_CALLBACK.has(grant));
  const isRefreshable = led.some((grant) => grant !== 'implicit' && !NOTHING_TO_REFRESH.has(grant));
  return led.filter((grant) => isRefreshable || grant !== 'refresh_token');
}

function refreshPolicy({
  refresh_token: refresh,
}: WholeApplication): Pick<
  ClientPolicy,
  'rotatesRefreshTokens' | 'refreshTokenAbsoluteSeconds' | 'refreshTokenIdleSeconds'
> {
  const expires = refresh.expiration_type === 'expiring';
  return {
    rotatesRefreshTokens: refresh.rotation_type === 'rotating',
    ...(expires &&
      refresh.infinite_token_lifetime !== true && {
        refreshTokenAbsoluteSeconds: refresh.token_lifetime,
      }),
    ...(expires &&
      refresh.infinite_idle_token_lifetime !== true && {
        refreshTokenIdleSeconds: refresh.idle_token_lifetime,
      }),
  };
}

function backchannelOf(url: string | undefined): JsonObject {
  return {
    ...given('backchannel_logout_uri', url),
    ...given('backchannel_logout_session_required', url === undefined ? undefined : true),
  };
}

function given(name: string, value: Json | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}
