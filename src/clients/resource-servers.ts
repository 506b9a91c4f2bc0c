import type { ResourceServer, ResourceServers } from './clients.ts';
import type { DeclaredApi } from './config.ts';

/** The APIs that the configuration declares. */
export function createResourceServers(apis: readonly DeclaredApi[]): ResourceServers {
  const servers = apis.map(resourceServerOf);
  const byIdentifier = new Map(servers.map((server) => [server.identifier, server]));
  return { find: (identifier) => byIdentifier.get(identifier), list: () => servers };
}

function resourceServerOf(api: DeclaredApi): ResourceServer {
  return {
    identifier: api.identifier,
    name: api.name,
    scopes: new Map(Object.entries(api.scopes)),
    permissions: new Map(Object.entries(api.permissions)),
    enforcePermissions: api.enforcePermissions,
    accessTokenFormat: api.accessTokenFormat,
    signingAlgorithm: api.signingAlgorithm,
    encryption: api.encryption,
    accessTokenTtlSeconds: api.accessTokenTtl,
    statusList: api.statusList,
    publishMetadata: api.publishMetadata,
    restricted: api.restricted,
    claims: new Map(Object.entries(api.claims)),
  };
}
