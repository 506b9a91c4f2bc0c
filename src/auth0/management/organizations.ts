import { z } from 'zod';
import { ORGANIZATION_NAME } from '../config.ts';
import type { TenantOrganization } from '../organizations/tenant-organizations.ts';
import type { Call } from './call.ts';
import { userOf } from './find-user.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

const METADATA_MAX = 25;
const name = z.string().regex(ORGANIZATION_NAME, { error: 'is no name of an organization' });
const fields = {
  display_name: z.string().min(1).max(255).optional(),
  metadata: z
    .record(z.string().min(1).max(255), z.string().max(255))
    .refine((all) => Object.keys(all).length <= METADATA_MAX, { error: 'has too many properties' })
    .optional(),
};
const creation = z.object({ name, ...fields });
const change = z.object({ name: name.optional(), ...fields });
type Fields = z.output<typeof change>;

/** `/organizations`, but for what is in them. */
export function organizationRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [...readRoutes(room), ...writeRoutes(room)];
}

function readRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const { organizations } = room;
  return [
    {
      method: 'get',
      path: '/organizations',
      scopes: ['read:organizations', 'read:organizations_summary'],
      async run(call) {
        const all = await organizations.list();
        return pageOfAll('organizations', all.map(viewOf), call.query(z.object(pageQuery)));
      },
    },
    {
      method: 'get',
      path: '/organizations/name/:name',
      scopes: ['read:organizations'],
      async run(call) {
        const found = await organizations.get(call.param('name'));
        return viewOf(found ?? unknown());
      },
    },
    {
      method: 'get',
      path: '/organizations/:id',
      scopes: ['read:organizations'],
      run: async (call) => viewOf(await organizationOf(call, room)),
    },
    {
      method: 'get',
      path: '/users/:id/organizations',
      scopes: ['read:organizations'],
      async run(call) {
        const { id } = await userOf(call, room);
        const all = await organizations.listOf(id);
        return pageOfAll('organizations', all.map(viewOf), call.query(z.object(pageQuery)));
      },
    },
  ];
}

function writeRoutes({ organizations }: ManagementRoom): readonly ManagementRoute[] {
  return [
    {
      method: 'post',
      path: '/organizations',
      scopes: ['create:organizations'],
      status: 201,
      async run(call) {
        const given = await call.body(creation);
        return viewOf(
          await organizations.create({ name: given.name, ...changesOf(given) }, call.actor),
        );
      },
    },
    {
      method: 'patch',
      path: '/organizations/:id',
      scopes: ['update:organizations'],
      async run(call) {
        const changes = changesOf(await call.body(change));
        const changed = await organizations.update(call.param('id'), changes, call.actor);
        return viewOf(changed ?? unknown());
      },
    },
    {
      method: 'delete',
      path: '/organizations/:id',
      scopes: ['delete:organizations'],
      async run(call) {
        await organizations.delete(call.param('id'), call.actor);
        return undefined;
      },
    },
  ];
}

/** The organization that the `:id` of a path names. @throws {ManagementProblem} */
export async function organizationOf(
  call: Pick<Call, 'param'>,
  { organizations }: Pick<ManagementRoom, 'organizations'>,
): Promise<TenantOrganization> {
  const id = call.param('id');
  const found = await organizations.get(id);
  return found?.id === id ? found : unknown();
}

function unknown(): never {
  const message = 'No organization found by that id or name';
  throw new ManagementProblem(404, { message, errorCode: 'inexistent_organization' });
}

function changesOf({ name: wanted, display_name: displayName, metadata }: Fields): {
  readonly name?: string | undefined;
  readonly displayName?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
} {
  return { name: wanted, displayName, metadata };
}

function viewOf({ id, name: called, displayName, metadata }: TenantOrganization): object {
  return { id, name: called, display_name: displayName, metadata };
}
