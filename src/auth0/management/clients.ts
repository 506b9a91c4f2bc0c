import { z } from 'zod';
import { madeOf } from '../applications/applications.ts';
import { declaredView, madeView } from '../applications/views.ts';
import type { Client } from '../../clients/clients.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Call } from './call.ts';
import { notFound } from './declared.ts';
import { fieldsQuery, pickedFields } from './fields.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

const body = z.record(z.string(), z.json());
const KEYS_SCOPE = 'read:client_keys';

/** `/clients`: the applications of the tenant, those of the configuration and those that were made here. */
export function clientRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [list(room), get(room), ...writing(room)];
}

function list(room: ManagementRoom): ManagementRoute {
  const query = z.object({ ...pageQuery, ...fieldsQuery, app_type: z.string().optional() });
  return {
    method: 'get',
    path: '/clients',
    scopes: ['read:clients'],
    async run(call) {
      const asked = call.query(query);
      const types = asked.app_type?.split(',');
      const all = await Promise.all(
        (await room.clients.list()).map((client) => viewOf(client, call, room)),
      );
      const views = all
        .filter(({ app_type: type }) => typeof type === 'string' && types?.includes(type) !== false)
        .map((view) => pickedFields(view, asked));
      return pageOfAll('clients', views, asked);
    },
  };
}

function get(room: ManagementRoom): ManagementRoute {
  return {
    method: 'get',
    path: '/clients/:id',
    scopes: ['read:clients'],
    async run(call) {
      const client = (await room.clients.find(call.param('id'))) ?? unknownClient();
      return pickedFields(await viewOf(client, call, room), call.query(z.object(fieldsQuery)));
    },
  };
}

function writing(room: ManagementRoom): readonly ManagementRoute[] {
  const { applications, clients, tenant } = room;
  return [
    {
      method: 'post',
      path: '/clients',
      scopes: ['create:clients'],
      status: 201,
      async run(call) {
        const made = await applications.create(await call.body(body), call.actor);
        return madeView(made, { tenant, secret: await clients.keptSecret(made.client) });
      },
    },
    {
      method: 'patch',
      path: '/clients/:id',
      scopes: ['update:clients'],
      async run(call) {
        const changes = await call.body(body);
        const changed = await applications.update(call.param('id'), changes, call.actor);
        return await viewOf((changed ?? unknownClient()).client, call, room);
      },
    },
    {
      method: 'delete',
      path: '/clients/:id',
      scopes: ['delete:clients'],
      async run(call) {
        await applications.delete(call.param('id'), call.actor);
        return undefined;
      },
    },
    {
      method: 'post',
      path: '/clients/:id/rotate-secret',
      scopes: ['update:client_keys'],
      async run(call) {
        const rotated = await applications.rotateSecret(call.param('id'), call.actor);
        const made = rotated ?? unknownClient();
        return madeView(made, { tenant, secret: await clients.keptSecret(made.client) });
      },
    },
  ];
}

/** @throws {ManagementProblem} */
export function unknownClient(): never {
  return notFound('The client does not exist.', 'inexistent_client');
}

/** A secret is told to whoever may read secrets, if it was made here. */
async function viewOf(client: Client, call: Call, room: ManagementRoom): Promise<JsonObject> {
  const { tenant, clients } = room;
  const declared = tenant.clients.find(({ clientId }) => clientId === client.id);
  if (declared !== undefined) return declaredView(declared, tenant);
  const mayRead = call.caller.scopes.has(KEYS_SCOPE);
  const secret = mayRead ? await clients.keptSecret(client) : undefined;
  return madeView(madeOf(client), { tenant, secret });
}
