import { z } from 'zod';
import type { KeptConnection } from '../connection/connection.ts';
import { connectionChanges, type ConnectionChanges } from '../connection/connection-fields.ts';
import { connectionClientRoutes, judgedClients, refuseOther } from './connection-clients.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { CONNECTION, CONNECTION_ID } from './user-view.ts';

/** `/connections`: the one that there is. What is said of it narrows what the installation allows, at this tenant. */
export function connectionRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [...readRoutes(room), update(room), ...connectionClientRoutes(room), ...refused()];
}

function readRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const query = z.object({
    ...pageQuery,
    name: z.string().optional(),
    strategy: z.union([z.string(), z.array(z.string())]).optional(),
  });
  return [
    {
      method: 'get',
      path: '/connections',
      scopes: ['read:connections'],
      async run(call) {
        const { name = CONNECTION, strategy = 'auth0', ...page } = call.query(query);
        const isAsked = name === CONNECTION && [strategy].flat().includes('auth0');
        return pageOfAll('connections', isAsked ? [await viewOf(room)] : [], page);
      },
    },
    {
      method: 'get',
      path: '/connections/:id',
      scopes: ['read:connections'],
      async run(call) {
        refuseOther(call);
        return await viewOf(room);
      },
    },
  ];
}

function update(room: ManagementRoom): ManagementRoute {
  const changes = connectionChanges(room.passwordRules);
  return {
    method: 'patch',
    path: '/connections/:id',
    scopes: ['update:connections'],
    async run(call) {
      refuseOther(call);
      const given = await call.body(changes);
      const enabled = given.enabled_clients ?? undefined;
      const all = (await judgedClients(enabled ?? [], room)).map(({ id }) => id);
      const disabled = enabled && all.filter((id) => !enabled.includes(id));
      await room.connection.change((before) => changed(before, given, disabled), call.actor);
      return await viewOf(room);
    },
  };
}

/** As Auth0 has it: options are replaced as a whole, and a name for people that is left out is that of the connection. */
function changed(
  before: KeptConnection,
  given: ConnectionChanges,
  disabled: readonly string[] | undefined,
): KeptConnection {
  const { options, metadata, is_domain_connection: isDomainConnection } = given;
  return {
    ...before,
    displayName: given.display_name,
    ...(options !== undefined && { options: JSON.parse(JSON.stringify(options ?? {})) }),
    ...(metadata !== undefined && { metadata: { ...metadata } }),
    ...(isDomainConnection !== undefined && { isDomainConnection }),
    ...(disabled !== undefined && { disabledClients: [...disabled] }),
  };
}

async function viewOf({ clients, connection }: ManagementRoom): Promise<object> {
  const [kept, all] = await Promise.all([connection.read(), clients.list()]);
  const { displayName = CONNECTION, isDomainConnection, metadata, options } = kept;
  const disabled = new Set(kept.disabledClients);
  return {
    id: CONNECTION_ID,
    name: CONNECTION,
    display_name: displayName,
    strategy: 'auth0',
    is_domain_connection: isDomainConnection,
    realms: [CONNECTION],
    metadata,
    options,
    enabled_clients: all.map(({ id }) => id).filter((id) => !disabled.has(id)),
  };
}

/** There is one directory, which is the installation's. */
function refused(): readonly ManagementRoute[] {
  const body = z.looseObject({ name: z.string(), strategy: z.string() });
  return [
    {
      method: 'post',
      path: '/connections',
      scopes: ['create:connections'],
      async run(call) {
        const { name, strategy } = await call.body(body);
        if (strategy !== 'auth0')
          throw unsupported(
            `strategy: ${strategy.slice(0, 100)} is not there: people sign in with their account of this installation (auth0)`,
          );
        if (name !== CONNECTION)
          throw unsupported(`name: the one connection is ${CONNECTION}, the directory of all`);
        const message = 'A connection with the same name already exists';
        throw new ManagementProblem(409, { message, errorCode: 'connection_conflict' });
      },
    },
    {
      method: 'delete',
      path: '/connections/:id',
      scopes: ['delete:connections'],
      run(call) {
        refuseOther(call);
        return Promise.reject(
          unsupported(
            'the connection is the directory of the installation and stays: PATCH its clients to have an application sign nobody in',
          ),
        );
      },
    },
  ];
}

function unsupported(message: string): ManagementProblem {
  return new ManagementProblem(400, { message, errorCode: 'operation_not_supported' });
}
