import { z } from 'zod';
import type { ResourceServer } from '../../clients/clients.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { managementAudience } from './api.ts';
import { idOfName, notFound, readOnly } from './declared.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

/** `/resource-servers`: the APIs of the tenant, its Management API among them. */
export function resourceServerRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const views = (): readonly JsonObject[] =>
    room.resourceServers.list().map((server) => view(server, room));
  return [
    {
      method: 'get',
      path: '/resource-servers',
      scopes: ['read:resource_servers'],
      run: async (call) => pageOfAll('resource_servers', views(), call.query(z.object(pageQuery))),
    },
    {
      method: 'get',
      path: '/resource-servers/:id',
      scopes: ['read:resource_servers'],
      async run(call) {
        const wanted = call.param('id');
        const found = views().find(({ id, identifier }) => [id, identifier].includes(wanted));
        return found ?? notFound('The API does not exist.', 'inexistent_resource_server');
      },
    },
    ...readOnly('apis and auth0.tenants[].apis', [
      { method: 'post', path: '/resource-servers', scopes: ['create:resource_servers'] },
      { method: 'patch', path: '/resource-servers/:id', scopes: ['update:resource_servers'] },
      { method: 'delete', path: '/resource-servers/:id', scopes: ['delete:resource_servers'] },
    ]),
  ];
}

function view(server: ResourceServer, { tenant }: ManagementRoom): JsonObject {
  const { identifier, name, scopes, accessTokenTtlSeconds } = server;
  const isSystem = identifier === managementAudience(tenant);
  const declared = tenant.apis.find((one) => one.identifier === identifier);
  return {
    id: idOfName('', identifier),
    identifier,
    name,
    is_system: isSystem,
    scopes: [...scopes].map(([value, description]) => ({ value, description })),
    signing_alg: 'RS256',
    token_dialect: declared?.tokenDialect ?? 'access_token',
    enforce_policies: server.enforcePermissions,
    allow_offline_access: !isSystem,
    ...(accessTokenTtlSeconds !== undefined && { token_lifetime: accessTokenTtlSeconds }),
  };
}
