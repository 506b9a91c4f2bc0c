import { errors, Provider, type OIDCContext } from 'oidc-provider';
import type { Dialect } from './dialect.ts';
import { identifierOf, namedResources } from './resources.ts';
import type { Client, Clients, ResourceServers } from '../clients/clients.ts';
import { withoutApiScopes } from './registered-scope.ts';
import type { RequestScopes } from './request-scope.ts';
import type { Endpoints } from './routes.ts';
import { JWT_MARK } from './store/access-tokens.ts';
import { ENCRYPTED_TOKEN } from './encrypted-token.ts';
import type { EngineClients } from './engine-clients.ts';

/** Signed, or signed and encrypted: the engine would take neither. */
const JWT = /^[\w-]+\.(?:[\w-]+\.[\w-]*|[\w-]*(?:\.[\w-]+){3})$/;
const TOKEN_ROUTES: ReadonlySet<string> = new Set(['introspection', 'revocation']);
const AUTHORIZATION_ROUTES: ReadonlySet<string> = new Set([
  'authorization',
  'pushed_authorization_request',
  'device_authorization',
]);
const REGISTRATION_ROUTES: ReadonlySet<string> = new Set(['registration', 'client_update']);

type Fields = Record<string, unknown>;

interface ContextOptions {
  readonly endpoints: Endpoints;
  readonly clients: Clients;
  readonly engineClients: EngineClients;
  readonly dialect?: Dialect | undefined;
  readonly resourceServers: ResourceServers;
  readonly scopes: RequestScopes;
}

/**
 * What a request says, as the engine is to understand it. The engine builds URLs from a request's host and
 * reads parameters from its context: both are public, so they are set there instead of rewriting requests.
 */
export function installContext(provider: Provider, options: ContextOptions): void {
  installHost(provider, options.endpoints);
  const params = new WeakMap<OIDCContext, Fields>();
  const bodies = new WeakMap<OIDCContext, unknown>();
  Object.defineProperties(provider.OIDCContext.prototype, {
    params: {
      get(this: OIDCContext) {
        return params.get(this);
      },
      set(this: OIDCContext, value: Fields) {
        const readable = withOpenedRequest(this, value, options);
        params.set(this, completed(this, understood(this, readable, options), options));
      },
    },
    body: {
      get(this: OIDCContext) {
        return bodies.get(this);
      },
      set(this: OIDCContext, value: unknown) {
        const body = withoutKnownSecret(value, this, options);
        bodies.set(this, forRegistration(body, this, options));
      },
    },
  });
}

/** Host and scheme are the issuer's, whatever a request claims (koa CVE-2026-27959 and its kind). */
function installHost(provider: Provider, { host, isHttps }: Endpoints): void {
  const always = (value: unknown): PropertyDescriptor => ({ get: () => value, configurable: true });
  Object.defineProperties(provider.request, {
    host: always(host),
    protocol: always(isHttps ? 'https' : 'http'),
    secure: always(isHttps),
  });
}

/**
 * An encrypted request that was opened already. The engine puts what it decrypts into the body, and keeps a pushed
 * request as it stands there; so that there is one place to read it from, a GET has one, too.
 */
function withOpenedRequest(
  context: OIDCContext,
  params: Fields,
  { scopes }: Pick<ContextOptions, 'scopes'>,
): Fields {
  const { request } = params;
  if (typeof request !== 'string' || !ENCRYPTED_TOKEN.test(request)) return params;
  const { openedRequest } = scopes.current();
  const readable = openedRequest?.jwe === request ? openedRequest.jwt : request;
  Object.assign(context, { body: { ...context.body, request: readable } });
  return Object.assign(params, { request: readable });
}

function understood(
  context: OIDCContext,
  params: Fields,
  { dialect }: Pick<ContextOptions, 'dialect'>,
): Fields {
  if (TOKEN_ROUTES.has(context.route)) return withMarkedToken(params);
  // A person is shown the code of a link, and sends it themselves: the engine would have a script send it.
  if (context.route === 'code_verification' && Provider.ctx?.method === 'GET')
    return Object.assign(params, { user_code: undefined });
  if (!('resource' in params)) return params;
  const audience = apiIn(params['audience'] ?? context.body?.['audience'], dialect);
  if (Array.isArray(audience) && context.route === 'token')
    throw new errors.InvalidRequest('audience parameter must not be provided twice');
  return Object.assign(params, { resource: namedResources(params['resource'], audience) });
}

/** Our userinfo is none. */
function apiIn(audience: unknown, dialect: Dialect | undefined): unknown {
  return audience === dialect?.userinfoAudience ? undefined : audience;
}

/** Whoever names no scope has what the dialect of the issuer gives them. */
function completed(context: OIDCContext, params: Fields, { dialect }: ContextOptions): Fields {
  if (dialect === undefined || params['scope'] !== undefined) return params;
  if (AUTHORIZATION_ROUTES.has(context.route) && params['request_uri'] === undefined)
    return Object.assign(params, { scope: dialect.standardScope });
  return context.route === 'token' && params['grant_type'] === 'client_credentials'
    ? Object.assign(params, { scope: scopeOfClient(context, params, dialect) })
    : params;
}

function scopeOfClient(
  context: OIDCContext,
  { resource }: Fields,
  dialect: Dialect,
): string | undefined {
  const named = resource ?? context.body?.['audience'] ?? dialect.defaultAudience;
  return dialect.scopeOfClient(typeof named === 'string' ? identifierOf(named) : undefined);
}

function withMarkedToken(params: Fields): Fields {
  const { token } = params;
  const isJwt = typeof token === 'string' && JWT.test(token);
  return isJwt ? Object.assign(params, { token: `${JWT_MARK}${token}` }) : params;
}

/**
 * A client that updates its registration may send its secret along, which must then be right (RFC 7592
 * section 2.2). The engine would compare it in clear; we hold it against the hash and leave it out.
 */
function withoutKnownSecret(body: unknown, context: OIDCContext, options: ContextOptions): unknown {
  if (context.route !== 'client_update' || typeof body !== 'object' || body === null) return body;
  const owner: Client | undefined = context.client && options.engineClients.ownerOf(context.client);
  if (owner === undefined || !('client_secret' in body)) return body;
  const { client_secret: secret, ...rest } = body;
  return typeof secret === 'string' && options.clients.verifySecret(owner, secret) ? rest : body;
}

function forRegistration(
  body: unknown,
  { route }: OIDCContext,
  { resourceServers, scopes }: ContextOptions,
): unknown {
  if (!REGISTRATION_ROUTES.has(route)) return body;
  const registration = withoutApiScopes(body, resourceServers);
  scopes.current().registeredScope = registration.scope;
  return registration.body;
}
