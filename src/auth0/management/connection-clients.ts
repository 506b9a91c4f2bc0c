import { z } from 'zod';
import type { Client } from '../../clients/clients.ts';
import type { Call } from './call.ts';
import { notFound } from './declared.ts';
import { exactly } from './exactly.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import { invalidBody } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { CONNECTION_ID } from './user-view.ts';

const PATH = '/connections/:id/clients';
const CLIENTS_MAX = 50;
const PER_PAGE = 50;
const body = z
  .array(exactly({ client_id: z.string().max(255), status: z.boolean() }))
  .min(1)
  .max(CLIENTS_MAX);

/** `/connections/{id}/clients`: which applications sign people in. */
export function connectionClientRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [
    {
      method: 'get',
      path: PATH,
      scopes: ['read:connections'],
      async run(call) {
        refuseOther(call);
        const { take = PER_PAGE, ...page } = call.query(z.object(pageQuery));
        const { disabledClients } = await room.connection.read();
        const enabled = (await room.clients.list())
          .filter(({ id }) => !disabledClients.includes(id))
          .map(({ id }) => ({ client_id: id }));
        return pageOfAll('clients', enabled, { ...page, take });
      },
    },
    {
      method: 'patch',
      path: PATH,
      scopes: ['update:connections'],
      async run(call) {
        refuseOther(call);
        const given = await call.body(body);
        await judgedClients(
          given.map(({ client_id: id }) => id),
          room,
        );
        await room.connection.change(
          (before) => ({ ...before, disabledClients: flipped(before.disabledClients, given) }),
          call.actor,
        );
        return undefined;
      },
    },
  ];
}

/** All applications of the tenant. @throws {ManagementProblem} when one of `ids` is none of them. */
export async function judgedClients(
  ids: readonly string[],
  { clients }: Pick<ManagementRoom, 'clients'>,
): Promise<readonly Client[]> {
  const all = await clients.list();
  const stranger = ids.find((wanted) => !all.some(({ id }) => id === wanted));
  if (stranger === undefined) return all;
  throw invalidBody(`'client_id': ${stranger} is no application of the tenant`);
}

/** The last word on each counts. */
function flipped(
  disabled: readonly string[],
  changes: readonly { readonly client_id: string; readonly status: boolean }[],
): string[] {
  const all = new Set(disabled);
  for (const { client_id: id, status } of changes)
    if (status) all.delete(id);
    else all.add(id);
  return [...all];
}

/** @throws {ManagementProblem} unless the path names the one that there is. */
export function refuseOther(call: Pick<Call, 'param'>): void {
  if (call.param('id') !== CONNECTION_ID)
    notFound('The connection does not exist', 'inexistent_connection');
}
