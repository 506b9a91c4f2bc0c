import { z } from 'zod';
import { notFound, readOnly } from './declared.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { CONNECTION, CONNECTION_ID } from './user-view.ts';

/** `/connections`: the one that there is, for all applications of the tenant. */
export function connectionRoutes({ clients }: ManagementRoom): readonly ManagementRoute[] {
  const view = async (): Promise<object> => ({
    id: CONNECTION_ID,
    name: CONNECTION,
    strategy: 'auth0',
    is_domain_connection: false,
    realms: [CONNECTION],
    options: {},
    enabled_clients: (await clients.list()).map(({ id }) => id),
  });
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
        return pageOfAll('connections', isAsked ? [await view()] : [], page);
      },
    },
    {
      method: 'get',
      path: '/connections/:id',
      scopes: ['read:connections'],
      run: async (call) =>
        call.param('id') === CONNECTION_ID
          ? await view()
          : notFound('The connection does not exist', 'inexistent_connection'),
    },
    ...readOnly('auth0.tenants', [
      { method: 'post', path: '/connections', scopes: ['create:connections'] },
      { method: 'patch', path: '/connections/:id', scopes: ['update:connections'] },
      { method: 'delete', path: '/connections/:id', scopes: ['delete:connections'] },
    ]),
  ];
}
