import { z } from 'zod';
import { grantsOf } from '../clients.ts';
import type { TenantClientConfig } from '../config.ts';
import { notFound, readOnly } from './declared.ts';
import { fieldsQuery, pickedFields } from './fields.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

/** `/clients`: the applications that the configuration gives the tenant, without their secrets. */
export function clientRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const { tenant } = room;
  const query = z.object({ ...pageQuery, ...fieldsQuery, app_type: z.string().optional() });
  return [
    {
      method: 'get',
      path: '/clients',
      scopes: ['read:clients'],
      async run(call) {
        const asked = call.query(query);
        const types = asked.app_type?.split(',');
        const all = tenant.clients.filter(({ appType }) => types?.includes(appType) ?? true);
        const views = all.map((client) => pickedFields(clientView(client, room), asked));
        return pageOfAll('clients', views, asked);
      },
    },
    {
      method: 'get',
      path: '/clients/:id',
      scopes: ['read:clients'],
      async run(call) {
        const client = tenant.clients.find(({ clientId }) => clientId === call.param('id'));
        if (client === undefined)
          return notFound('The client does not exist.', 'inexistent_client');
        return pickedFields(clientView(client, room), call.query(z.object(fieldsQuery)));
      },
    },
    ...readOnly('auth0.tenants[].clients', [
      { method: 'post', path: '/clients', scopes: ['create:clients'] },
      { method: 'patch', path: '/clients/:id', scopes: ['update:clients'] },
      { method: 'delete', path: '/clients/:id', scopes: ['delete:clients'] },
      { method: 'post', path: '/clients/:id/rotate-secret', scopes: ['update:client_keys'] },
    ]),
  ];
}

function clientView(client: TenantClientConfig, { tenant }: ManagementRoom) {
  return {
    tenant: tenant.name,
    client_id: client.clientId,
    name: client.name ?? client.clientId,
    app_type: client.appType,
    callbacks: client.callbacks,
    allowed_logout_urls: client.allowedLogoutUrls,
    web_origins: client.webOrigins,
    allowed_origins: client.webOrigins,
    grant_types: [...grantsOf(client)],
    token_endpoint_auth_method: methodOf(client),
    is_first_party: true,
    oidc_conformant: true,
    global: false,
    jwt_configuration: { alg: 'RS256' },
  };
}

function methodOf({ appType, jwks }: TenantClientConfig): string {
  if (jwks !== undefined) return 'private_key_jwt';
  return appType === 'spa' || appType === 'native' ? 'none' : 'client_secret_post';
}
