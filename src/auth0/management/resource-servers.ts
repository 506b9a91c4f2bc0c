import { z } from 'zod';
import { apiIdentifier } from '../applications/api-fields.ts';
import type { ResourceServer } from '../../clients/clients.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { managementAudience } from './api.ts';
import type { Call } from './call.ts';
import { idOfName, notFound } from './declared.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

const changes = z.record(z.string(), z.json());
const creation = z.object({ identifier: apiIdentifier }).catchall(z.json());

/** `/resource-servers`: the APIs of the tenant, those of the configuration, those that were made here, and this one. */
export function resourceServerRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const path = '/resource-servers/:id';
  return [
    {
      method: 'get',
      path: '/resource-servers',
      scopes: ['read:resource_servers'],
      async run(call) {
        const views = room.resourceServers.list().map((server) => view(server, room));
        return pageOfAll('resource_servers', views, call.query(z.object(pageQuery)));
      },
    },
    {
      method: 'get',
      path,
      scopes: ['read:resource_servers'],
      run: async (call) => view(serverOf(call, room) ?? unknown(), room),
    },
    {
      method: 'post',
      path: '/resource-servers',
      scopes: ['create:resource_servers'],
      status: 201,
      async run(call) {
        const { identifier, ...fields } = await call.body(creation);
        return view(await room.madeApis.create(identifier, fields, call.actor), room);
      },
    },
    {
      method: 'patch',
      path,
      scopes: ['update:resource_servers'],
      async run(call) {
        const { identifier } = serverOf(call, room) ?? unknown();
        const body = await call.body(changes);
        return view((await room.madeApis.update(identifier, body, call.actor)) ?? unknown(), room);
      },
    },
    {
      method: 'delete',
      path,
      scopes: ['delete:resource_servers'],
      async run(call) {
        const server = serverOf(call, room);
        if (server !== undefined) await room.madeApis.delete(server.identifier, call.actor);
        return undefined;
      },
    },
  ];
}

/** By id or identifier. */
function serverOf(
  call: Pick<Call, 'param'>,
  { resourceServers }: ManagementRoom,
): ResourceServer | undefined {
  const wanted = call.param('id');
  return resourceServers
    .list()
    .find(({ identifier }) => [idOf(identifier), identifier].includes(wanted));
}

function idOf(identifier: string): string {
  return idOfName('', identifier);
}

function unknown(): never {
  return notFound('The API does not exist.', 'inexistent_resource_server');
}

function view(server: ResourceServer, { resourceServers, tenant }: ManagementRoom): JsonObject {
  const { identifier, name, scopes, accessTokenTtlSeconds } = server;
  const isSystem = identifier === managementAudience(tenant);
  return {
    allow_offline_access: !isSystem,
    ...server.beside,
    id: idOf(identifier),
    identifier,
    name,
    is_system: isSystem,
    scopes: [...scopes].map(([value, description]) => ({ value, description })),
    signing_alg: 'RS256',
    token_dialect: resourceServers.dialectOf(identifier),
    enforce_policies: server.enforcePermissions,
    ...(accessTokenTtlSeconds !== undefined && { token_lifetime: accessTokenTtlSeconds }),
  };
}
