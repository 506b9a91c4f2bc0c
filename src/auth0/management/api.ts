import type { ResourceServer } from '../../clients/clients.ts';
import type { TenantConfig } from '../config.ts';
import { MANAGEMENT_SCOPES } from './scopes.ts';

/** What tokens for the Management API of a tenant are for. */
export function managementAudience({ issuer }: Pick<TenantConfig, 'issuer'>): string {
  return `${issuer}api/v2/`;
}

/** The Management API as one of the tenant's APIs: only for clients that were given scopes of it. */
export function managementApi(tenant: Pick<TenantConfig, 'issuer'>): ResourceServer {
  return {
    identifier: managementAudience(tenant),
    name: 'Auth0 Management API',
    scopes: new Map(MANAGEMENT_SCOPES.map((scope) => [scope, scope.replace(':', ' ')])),
    permissions: new Map(),
    enforcePermissions: false,
    accessTokenFormat: 'jwt',
    signingAlgorithm: 'RS256',
    encryption: undefined,
    accessTokenTtlSeconds: undefined,
    statusList: false,
    publishMetadata: false,
    restricted: true,
    claims: new Map(),
  };
}
