import {
  errors,
  type Client as EngineClient,
  type ResourceServer as EngineApi,
} from 'oidc-provider';
import type { Client, ResourceServer, ResourceServers } from '../clients/clients.ts';

const ALIAS = 'urn:latchkey:api:';

/** The absolute URI by which the engine knows an API; APIs may have plain names, the engine wants URIs. */
export function indicatorOf(identifier: string): string {
  return URL.canParse(identifier) ? identifier : `${ALIAS}${encodeURIComponent(identifier)}`;
}

/** The API's own identifier again. */
export function identifierOf(indicator: string): string {
  return indicator.startsWith(ALIAS)
    ? decodeURIComponent(indicator.slice(ALIAS.length))
    : indicator;
}

/** What a request names by `resource` (RFC 8707) and by `audience`, which many clients say instead. */
export function namedResources(
  resource: unknown,
  audience: unknown,
): string | string[] | undefined {
  const named = [resource, audience].flat().filter((one) => typeof one === 'string' && one !== '');
  const indicators = [...new Set(named.map((one) => indicatorOf(String(one))))];
  return indicators.length > 1 ? indicators : indicators[0];
}

/** Whom a client asks for: people, or itself by client credentials. Left out: people. */
export type Purpose = 'people' | 'itself';

/** The APIs that tokens may be for. */
export interface Resources {
  /** @throws {errors.InvalidTarget} for an unknown API, or one that this client may not ask for. */
  forClient(indicator: string, client: EngineClient, purpose?: Purpose): EngineApi;
  find(indicator: string): ResourceServer | undefined;
}

/** `ownerOf`: our client behind the engine's. */
export function createResources(options: {
  readonly resourceServers: ResourceServers;
  readonly ownerOf: (client: EngineClient) => Client | undefined;
  readonly format: 'jwt' | 'opaque';
}): Resources {
  const { resourceServers, ownerOf, format } = options;
  const find = (indicator: string): ResourceServer | undefined =>
    resourceServers.find(identifierOf(indicator));

  return {
    find,
    forClient(indicator, engineClient, purpose = 'people') {
      const api = find(indicator);
      const client = ownerOf(engineClient);
      if (api === undefined || client === undefined || !mayAsk(client, api, purpose))
        throw new errors.InvalidTarget();
      return {
        scope: scopesFor(client, api, purpose).join(' '),
        audience: api.identifier,
        accessTokenFormat: formatFor(client, api.accessTokenFormat, format),
        accessTokenTTL: api.accessTokenTtlSeconds,
        // The ring of keys has its algorithms; the configuration holds an API to one of them.
        jwt: { sign: { alg: asymmetric(api.signingAlgorithm) } },
      };
    },
  };
}

/** Opaque when either wants it so: the API that reads the token, or the client that must not. */
export function formatFor(
  { policy }: Pick<Client, 'policy'>,
  ofApi: 'jwt' | 'opaque',
  standard: 'jwt' | 'opaque',
): 'jwt' | 'opaque' {
  return ofApi === 'opaque' || (policy.accessTokenFormat ?? standard) === 'opaque'
    ? 'opaque'
    : 'jwt';
}

type Asymmetric = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** @throws {TypeError} for an algorithm that no ring can have. */
export function asymmetric(name: string): Asymmetric {
  if (name === 'RS256' || name === 'PS256' || name === 'ES256' || name === 'EdDSA') return name;
  throw new TypeError(`${name} is no algorithm of a ring of keys`);
}

function mayAsk(
  { policy }: Client,
  { identifier, restricted }: ResourceServer,
  purpose: Purpose,
): boolean {
  if (scopesOf(policy, identifier, purpose) !== undefined) return true;
  if (purpose === 'itself' && policy.ownScopes !== undefined) return false;
  return policy.apis === undefined ? !restricted : policy.apis.includes(identifier);
}

function scopesOf(
  { apiScopes = {}, ownScopes }: Client['policy'],
  identifier: string,
  purpose: Purpose,
): readonly string[] | undefined {
  const byApi = (purpose === 'itself' ? ownScopes : undefined) ?? apiScopes;
  return Object.hasOwn(byApi, identifier) ? byApi[identifier] : undefined;
}

/**
 * The scopes of `api` that `client` may ask for: one that registered `scope` (RFC 7591 section 2) gets no other, and
 * neither does one whose policy names those of the API.
 */
export function scopesFor(
  { metadata, policy }: Pick<Client, 'metadata' | 'policy'>,
  api: ResourceServer,
  purpose: Purpose = 'people',
): readonly string[] {
  const { scope } = metadata;
  const ofPolicy = scopesOf(policy, api.identifier, purpose) ?? [...api.scopes.keys()];
  const all = ofPolicy.filter((name) => api.scopes.has(name));
  if (typeof scope !== 'string' || scope === '') return all;
  const allowed = new Set(scope.split(' '));
  return all.filter((name) => allowed.has(name));
}
