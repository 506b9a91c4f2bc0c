import { z } from 'zod';
import type { KeptResourceServers } from '../clients/kept-resource-servers.ts';
import type { ResourceServer, ResourceServers } from '../clients/clients.ts';
import type { HostedProtocol } from '../http/site.ts';
import { TOKEN_DIALECTS, type TenantConfig, type TokenDialect } from './config.ts';
import { managementApi, managementAudience } from './management/api.ts';
import { profileOf } from './profiles.ts';

/** The APIs of a tenant, and how the tokens of each are shaped. */
export interface TenantApis extends ResourceServers {
  dialectOf(identifier: string): TokenDialect;
}

const beside = z.object({ token_dialect: z.enum(TOKEN_DIALECTS).default('access_token') });

/**
 * The APIs of the installation that a tenant names, and those that were made by its Management API, signed as Auth0
 * signs; and its Management API itself.
 */
export function apisOf(tenant: TenantConfig, servers: ResourceServers): TenantApis {
  const { namespace } = profileOf(tenant);
  const management = managementApi(tenant);
  const dialects = new Map(tenant.apis.map((api) => [api.identifier, api.tokenDialect]));

  function dialectOf(identifier: string): TokenDialect {
    const server = servers.find(identifier);
    return dialects.get(identifier) ?? beside.parse(server?.beside ?? {}).token_dialect;
  }

  function find(identifier: string): ResourceServer | undefined {
    if (identifier === managementAudience(tenant)) return management;
    const server = servers.find(identifier);
    const isOurs = dialects.has(identifier) || server?.servedBy === namespace;
    return server !== undefined && isOurs ? inDialect(server, dialectOf(identifier)) : undefined;
  }

  return {
    dialectOf,
    find,
    list: () => [...servers.list().flatMap(({ identifier }) => find(identifier) ?? []), management],
  };
}

/**
 * `protocol`, which knows of each API what any node has made of it before a request came. What cannot be looked up
 * stays as it was: the protocol tells an outage by itself.
 */
export function knowingApis(
  protocol: HostedProtocol,
  { catchUp }: Pick<KeptResourceServers, 'catchUp'>,
): HostedProtocol {
  return {
    ...protocol,
    async handle(...exchange) {
      await catchUp().catch(() => undefined);
      await protocol.handle(...exchange);
    },
  };
}

function inDialect(server: ResourceServer, dialect: TokenDialect): ResourceServer {
  const claims = dialect.endsWith('_authz')
    ? new Map([...server.claims, ['permissions', 'permissions']])
    : server.claims;
  return { ...server, signingAlgorithm: 'RS256', claims };
}
