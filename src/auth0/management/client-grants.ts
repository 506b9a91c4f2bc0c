import { z } from 'zod';
import { grantsOf } from '../clients.ts';
import type { TenantClientConfig } from '../config.ts';
import { managementAudience } from './api.ts';
import { idOfName, readOnly } from './declared.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

/** `/client-grants`: what applications may ask for by client credentials, as the configuration has it. */
export function clientGrantRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const query = z.object({
    ...pageQuery,
    client_id: z.string().optional(),
    audience: z.string().optional(),
  });
  return [
    {
      method: 'get',
      path: '/client-grants',
      scopes: ['read:client_grants'],
      async run(call) {
        const { client_id: clientId, audience, ...page } = call.query(query);
        const all = room.tenant.clients
          .flatMap((client) => grantsIn(client, room))
          .filter((grant) => clientId === undefined || grant.client_id === clientId)
          .filter((grant) => audience === undefined || grant.audience === audience);
        return pageOfAll('client_grants', all, page);
      },
    },
    ...readOnly('auth0.tenants[].clients', [
      { method: 'post', path: '/client-grants', scopes: ['create:client_grants'] },
      { method: 'patch', path: '/client-grants/:id', scopes: ['update:client_grants'] },
      { method: 'delete', path: '/client-grants/:id', scopes: ['delete:client_grants'] },
    ]),
  ];
}

interface ClientGrant {
  readonly id: string;
  readonly client_id: string;
  readonly audience: string;
  readonly scope: readonly string[];
}

function grantsIn(client: TenantClientConfig, room: ManagementRoom): readonly ClientGrant[] {
  const { clientId, audiences, managementScopes = [] } = client;
  if (!grantsOf(client).includes('client_credentials')) return [];
  const management = managementAudience(room.tenant);
  return room.resourceServers.list().flatMap(({ identifier, scopes, restricted }) => {
    const isManagement = identifier === management;
    const mayAsk = audiences?.includes(identifier) ?? !restricted;
    if (isManagement ? managementScopes.length === 0 : !mayAsk) return [];
    return [
      {
        id: idOfName('cgr_', `${clientId} ${identifier}`),
        client_id: clientId,
        audience: identifier,
        scope: isManagement ? managementScopes : [...scopes.keys()],
      },
    ];
  });
}
