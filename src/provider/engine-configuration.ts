import { newClientId } from '../clients/new-client.ts';
import {
  errors,
  type AccessToken,
  type Client,
  type ClientCredentials,
  type Configuration,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { AccountClaims } from './account-claims.ts';
import { extraClaims, type ShapeOptions } from './access-token-shape.ts';
import type { ProtocolSettings } from './config.ts';
import type { Admits, ProtocolPages } from './contract.ts';
import { createCookieSigner } from './cookie-signer.ts';
import type { CookieNames } from './cookies.ts';
import { loadExistingGrant, type ExistingGrantOptions } from './existing-grant.ts';
import { ACR } from './acr.ts';
import type { TokenPolicy } from './introspection-policy.ts';
import type { Feature } from './features/feature.ts';
import { joinConfigurations } from './features/features.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { LogoutPages } from './logout.ts';
import { createErrorPage } from './middleware.ts';
import { isRefreshable, keepOfflineAccess } from './offline-access.ts';
import { INVITATION, namedIn, ORGANIZATION } from './organization-engine.ts';
import { createPrompts } from './prompts.ts';
import { isRegisteredUri } from './redirect-uris.ts';
import { refuseOtherScopes } from './registered-scope.ts';
import { apiFor, defaultApi } from './dialect-targets.ts';
import { judgeRefreshTarget } from './refresh-target.ts';
import { identifierOf, type Purpose } from './resources.ts';
import { ROUTES, type Endpoints } from './routes.ts';
import type { StatusClaim } from './status-claim.ts';
import type { Stores } from './stores.ts';
import { randomId } from '../runtime/random.ts';

/** Scopes that are not an API's. */
export const ENGINE_SCOPES = ['openid', 'offline_access', 'profile', 'email', 'address', 'phone'];
/** How clients may authenticate. */
export const CLIENT_AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
] as const;
/** Algorithms of client assertions. */
export const CLIENT_AUTH_ALGORITHMS = [
  ...(['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA'] as const),
] as const;
/** Of ID tokens for clients that want them signed with their own secret. */
export const SHARED_SECRET_ALGORITHM = 'HS256';
/** The engine's promise that external signing stays as it is in this version. */
const EXTERNAL_SIGNING = 'experimental-01';
const CLOCK_TOLERANCE_SECONDS = 15;
const KEY_SET_BYTES_MAX = 128 * 1024;

/** What no setting turns on: silent defaults, tokens in URLs, cookies that any site's form post carries. */
const NEVER = {
  allowOmittingSingleRegisteredRedirectUri: false,
  acceptQueryParamAccessTokens: false,
  enableHttpPostMethods: false,
} as const;

/** What a generation is configured from; only the keys change between two. */
export interface EngineOptions extends ShapeOptions {
  readonly profileSettings: ProtocolSettings;
  readonly endpoints: Endpoints;
  readonly protocolFeatures: readonly Feature[];
  readonly cookies: CookieNames;
  readonly cookieKeys: readonly string[];
  readonly accountClaims: AccountClaims;
  readonly existingGrant: ExistingGrantOptions;
  readonly lifetimes: Lifetimes;
  readonly logoutPages: LogoutPages;
  readonly statusClaim: StatusClaim;
  readonly pages: ProtocolPages;
  readonly admits?: Admits | undefined;
  readonly stores: Stores;
  readonly tokenPolicy: TokenPolicy;
  readonly outboundFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

/** The engine's configuration but for the keys. */
export function createEngineConfiguration(options: EngineOptions): Configuration {
  return joinConfigurations(ownConfiguration(options), options.protocolFeatures);
}

/** What no setting switches off. */
function ownConfiguration(options: EngineOptions): Configuration {
  const { accountClaims, engineClients, stores, pages } = options;
  return {
    adapter: stores.adapter,
    routes: ROUTES,
    responseTypes: ['code'],
    scopes: ENGINE_SCOPES,
    subjectTypes: ['public'],
    acrValues: Object.values(ACR),
    claims: {
      ...byScope(accountClaims),
      acr: null,
      amr: null,
      auth_time: null,
      iss: null,
      sid: null,
    },
    clientAuthMethods: CLIENT_AUTH_METHODS,
    enabledJWA: {
      clientAuthSigningAlgValues: CLIENT_AUTH_ALGORITHMS,
      idTokenSigningAlgValues: [SHARED_SECRET_ALGORITHM, 'RS256', 'PS256', 'ES256', 'EdDSA'],
    },
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    cookies: cookiesOf(options),
    features: featuresOf(options),
    ttl: lifetimesOf(options),
    interactions: {
      policy: createPrompts(engineClients, options.profileSettings, options),
      url: (_ctx, { uid }) => `${options.endpoints.base}/interaction/${uid}`,
    },
    extraParams: furtherParameters(options),
    ...NEVER,
    pkce: { required: (_ctx, client) => requiresPkce(options, client) },
    rotateRefreshToken(ctx) {
      judgeRefreshTarget(ctx);
      return engineClients.isRotated(ctx.oidc.client);
    },
    ...decisionsOf(options),
    formats: {
      customizers: {
        async jwt(ctx, token, jwt) {
          const { payload } = jwt;
          const status = await options.statusClaim(token, payload);
          Object.assign(payload, { nbf: payload['iat'] }, status);
          speak(ctx, token, jwt, options);
        },
      },
    },
    clientBasedCORS(_ctx, origin, client) {
      const policy = engineClients.ownerOf(client)?.policy;
      // A browser app calls from the port it is redirected to.
      return policy ? isRegisteredUri(policy.corsOrigins, origin, policy.anyLoopbackPort) : false;
    },
    // Those of a dialect are all of one sector, which no address on the web stands for.
    sectorIdentifierUriValidate: () => options.dialect === undefined,
    renderError: createErrorPage(pages),
    fetch: (url, init) => options.outboundFetch(url, withoutDispatcher(init)),
    fetchResponseBodyLimits: { jwks_uri: KEY_SET_BYTES_MAX },
  };
}

/** `audience` itself is understood where parameters are taken in. */
function furtherParameters(options: EngineOptions): Configuration['extraParams'] {
  const { dialect, organizations } = options;
  return {
    audience: (ctx, _value, client) => judgeScopes(ctx, client, options),
    ...(dialect?.joinHint && { [dialect.joinHint.parameter]: null }),
    ...(dialect?.startParameter !== undefined && { [dialect.startParameter]: null }),
    ...(organizations && {
      [ORGANIZATION]: async (ctx) => void (await namedIn(ctx, organizations)),
      [INVITATION]: null,
    }),
  };
}

async function judgeScopes(
  ctx: KoaContextWithOIDC,
  client: Client,
  { dialect, engineClients }: EngineOptions,
): Promise<void> {
  const told = await dialect?.refuseClient?.(client.clientId);
  if (told !== undefined) throw new errors.CustomOIDCProviderError(told.error, told.description);
  keepOfflineAccess(ctx, client);
  if (dialect?.refusesOtherScopes === true) refuseOtherScopes(ctx, engineClients.ownerOf(client));
}

/** What the engine asks us about tokens, grants and people. */
function decisionsOf(
  options: EngineOptions,
): Pick<
  Configuration,
  | 'expiresWithSession'
  | 'extraTokenClaims'
  | 'findAccount'
  | 'issueRefreshToken'
  | 'loadExistingGrant'
  | 'revokeGrantPolicy'
> {
  const { accountClaims, existingGrant, profileSettings } = options;
  return {
    issueRefreshToken: (_ctx, client, { scopes }) =>
      isRefreshable(client, scopes, profileSettings.tokens),
    // A device goes on when the browser is closed by which somebody let it in.
    expiresWithSession: (_ctx, { scopes, kind }) =>
      kind !== 'DeviceCode' && !scopes.has('offline_access'),
    // An access token that is revoked takes nothing else along; all else that is, its grant.
    revokeGrantPolicy: ({ oidc }) =>
      !(oidc.route === 'revocation' && oidc.entities.AccessToken !== undefined),
    loadExistingGrant: (ctx) => loadExistingGrant(ctx, existingGrant),
    findAccount: (_ctx, id) => accountClaims.findAccount(id),
    extraTokenClaims: async (ctx, token) => ({ ...(await extraClaims(ctx, token, options)) }),
  };
}

function byScope({ byScope: scopes }: AccountClaims): Record<string, string[]> {
  const claims = Object.entries(scopes).map(([scope, names]) => [scope, [...names]] as const);
  const { openid = ['sub'], ...others } = Object.fromEntries(claims);
  // How somebody signed in is told to every app; acr to those that ask for it, by `acr_values` among others.
  return { ...others, openid: [...openid, 'amr'] };
}

function cookiesOf({
  cookies,
  cookieKeys,
  endpoints,
  dialect,
}: EngineOptions): NonNullable<Configuration['cookies']> {
  const flags = {
    httpOnly: true,
    // A browser sends no other cookie from a frame in another site's page, and this one under https alone.
    sameSite: dialect?.isFramed === true && endpoints.isHttps ? 'none' : 'lax',
    secure: endpoints.isHttps,
    signed: true,
  } as const;
  return { names: { ...cookies }, keys: createCookieSigner(cookieKeys), long: flags, short: flags };
}

function featuresOf(options: EngineOptions): NonNullable<Configuration['features']> {
  const { profileSettings, tokenPolicy, logoutPages } = options;
  const hasRegistration = profileSettings.registration.mode !== 'off';
  return {
    devInteractions: { enabled: false },
    externalSigningSupport: { enabled: true, ack: EXTERNAL_SIGNING },
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => tokenPolicy.mayIntrospect(client, token),
    },
    registration: {
      enabled: hasRegistration,
      initialAccessToken: profileSettings.registration.mode === 'token',
      idFactory: () => newClientId(),
      secretFactory: () => randomId(32, 'client secret'),
      issueRegistrationAccessToken: true,
    },
    registrationManagement: { enabled: hasRegistration, rotateRegistrationAccessToken: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, _client, oneOf) => onlyOne(oneOf) ?? defaultApi(options),
      getResourceServerInfo: (ctx, indicator, client) =>
        apiFor({ client, indicator, purpose: purposeOf(ctx) }, options),
      useGrantedResource: () => true,
    },
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => tokenPolicy.mayRevoke(client, token),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx) => logoutPages.confirm(ctx),
      postLogoutSuccessSource: (ctx) => logoutPages.done(ctx),
    },
    userinfo: { enabled: true },
  };
}

function lifetimesOf(options: EngineOptions): NonNullable<Configuration['ttl']> {
  const { lifetimes, profileSettings } = options;
  const { tokens, sessions } = profileSettings;
  return {
    AccessToken: (_ctx, token, client) => lifetimes.accessToken(token, client),
    AuthorizationCode: tokens.authorizationCode,
    ClientCredentials: (_ctx, token, client) => lifetimes.accessToken(token, client),
    Grant: tokens.grant,
    IdToken: (_ctx, _token, client) => lifetimes.idToken(client),
    Interaction: sessions.interaction,
    RefreshToken: (_ctx, token, client) => lifetimes.refreshToken(token, client),
    Session: (_ctx, session) => lifetimes.session(session),
  };
}

/** Whom a request asks for. */
function purposeOf({ oidc: { params } }: KoaContextWithOIDC): Purpose {
  return params?.['grant_type'] === 'client_credentials' ? 'itself' : 'people';
}

function requiresPkce({ engineClients }: EngineOptions, client: Client): boolean {
  const owner = engineClients.ownerOf(client);
  if (owner === undefined) throw new errors.InvalidClient('client is invalid');
  const isHeld = engineClients.profileOf(client) !== undefined;
  return isHeld || client.clientAuthMethod === 'none' || owner.policy.requirePkce;
}

/** Several APIs may be named at once, but a token is for one of them; the client then says which. */
function onlyOne(oneOf: readonly string[] | undefined): string | string[] | undefined {
  return oneOf?.length === 1 ? oneOf[0] : oneOf && [...oneOf];
}

/** As the dialect of the issuer has it. */
function speak(
  ctx: KoaContextWithOIDC | undefined,
  token: AccessToken | ClientCredentials,
  jwt: { header?: Record<string, unknown> | undefined; payload: Record<string, unknown> },
  { dialect }: EngineOptions,
): void {
  if (dialect === undefined) return;
  const indicator = token.resourceServer?.identifier();
  const spoken = { header: { typ: 'at+jwt', ...jwt.header }, payload: jwt.payload };
  dialect.writeJwt(spoken, {
    clientId: token.clientId ?? '',
    api: indicator === undefined ? undefined : identifierOf(indicator),
    isOfClient: token.kind !== 'AccessToken',
    grantType: String(ctx?.oidc.params?.['grant_type']),
  });
  Object.assign(jwt, spoken);
}

/** The engine names a dispatcher of its own, which knows nothing of the addresses that are allowed here. */
function withoutDispatcher(init: RequestInit | undefined): RequestInit {
  const { dispatcher: _, ...rest } = { dispatcher: undefined, ...init };
  return rest;
}
