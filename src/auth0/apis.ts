import type { ResourceServer, ResourceServers } from '../clients/clients.ts';
import type { TenantConfig } from './config.ts';
import { managementApi, managementAudience } from './management/api.ts';

/** The APIs of a tenant: those of the installation that it names, signed as Auth0 signs, and its Management API. */
export function apisOf(tenant: TenantConfig, servers: ResourceServers): ResourceServers {
  const own = new Map(
    tenant.apis.flatMap(({ identifier, tokenDialect }) => {
      const server = servers.find(identifier);
      return server === undefined ? [] : [[identifier, inDialect(server, tokenDialect)]];
    }),
  );
  own.set(managementAudience(tenant), managementApi(tenant));
  return { find: (identifier) => own.get(identifier), list: () => [...own.values()] };
}

function inDialect(
  server: ResourceServer,
  dialect: TenantConfig['apis'][number]['tokenDialect'],
): ResourceServer {
  const claims = dialect.endsWith('_authz')
    ? new Map([...server.claims, ['permissions', 'permissions']])
    : server.claims;
  return { ...server, signingAlgorithm: 'RS256', claims };
}
