import { z } from 'zod';
import { clientGrant, listClientGrants, type ClientGrant } from '../applications/client-grants.ts';
import { without, type MadeApplication } from '../applications/applications.ts';
import type { Actor } from '../../runtime/origin.ts';
import type { Call } from './call.ts';
import { unknownClient } from './clients.ts';
import { notFound } from './declared.ts';
import { exactly } from './exactly.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import { invalidBody, ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

const scope = z.array(z.string().min(1).max(280)).max(1000);
/** Of what Auth0 has beside: the one value that says what is so here. */
const fixed = {
  organization_usage: z.literal('deny', { error: 'must be deny: machines are in none' }).optional(),
  allow_any_organization: z.literal(false).optional(),
  subject_type: z.literal('client', { error: 'must be client: people need no grant' }).optional(),
};
const newGrant = exactly({ client_id: z.string(), audience: z.string(), scope, ...fixed });
const grantChange = exactly({ scope, ...fixed });

/** `/client-grants`: what applications may ask for themselves by client credentials. */
export function clientGrantRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const path = '/client-grants/:id';
  return [
    list(room),
    {
      method: 'get',
      path,
      scopes: ['read:client_grants'],
      run: (call) => grantOf(call, room),
    },
    create(room),
    {
      method: 'patch',
      path,
      scopes: ['update:client_grants'],
      async run(call) {
        const grant = await grantOf(call, room);
        const { scope: wanted } = await call.body(grantChange);
        refuseUnknown(grant.audience, wanted, room);
        await permit({ ...grant, scope: wanted }, call.actor, room);
        if (grant.scope.some((name) => !wanted.includes(name))) await takeBack(grant, call, room);
        return clientGrant(grant.client_id, grant.audience, wanted);
      },
    },
    {
      method: 'delete',
      path,
      scopes: ['delete:client_grants'],
      async run(call) {
        const grant = await grantOf(call, room);
        await permit({ ...grant, scope: undefined }, call.actor, room);
        await takeBack(grant, call, room);
        return undefined;
      },
    },
  ];
}

function list(room: ManagementRoom): ManagementRoute {
  const query = z.object({
    ...pageQuery,
    client_id: z.string().optional(),
    audience: z.string().optional(),
  });
  return {
    method: 'get',
    path: '/client-grants',
    scopes: ['read:client_grants'],
    async run(call) {
      const { client_id: clientId, audience, ...page } = call.query(query);
      const all = (await listClientGrants(room))
        .filter((grant) => clientId === undefined || grant.client_id === clientId)
        .filter((grant) => audience === undefined || grant.audience === audience);
      return pageOfAll('client_grants', all, page);
    },
  };
}

function create(room: ManagementRoom): ManagementRoute {
  return {
    method: 'post',
    path: '/client-grants',
    scopes: ['create:client_grants'],
    status: 201,
    async run(call) {
      const { client_id: clientId, audience, scope: wanted } = await call.body(newGrant);
      refuseUnknown(audience, wanted, room);
      const isNew = (before: object): boolean => !Object.hasOwn(before, audience);
      const grant = { client_id: clientId, audience, scope: wanted };
      await permit(grant, call.actor, room, isNew);
      return clientGrant(clientId, audience, wanted);
    },
  };
}

/** @throws {ManagementProblem} */
async function grantOf(call: Call, room: ManagementRoom): Promise<ClientGrant> {
  const id = call.param('id');
  const found = (await listClientGrants(room)).find((grant) => grant.id === id);
  return found ?? notFound('The client grant does not exist.', 'inexistent_client_grant');
}

/** @throws {ManagementProblem} when the tenant has no such API, or the API no such scope. */
function refuseUnknown(
  audience: string,
  wanted: readonly string[],
  { resourceServers }: ManagementRoom,
): void {
  const server = resourceServers.find(audience);
  if (server === undefined)
    return notFound(`Resource server ${audience} does not exist.`, 'inexistent_resource_server');
  const unknown = wanted.filter((name) => !server.scopes.has(name));
  if (unknown.length > 0)
    throw invalidBody(
      `'scope': ${audience} has no ${unknown.map((name) => `"${name}"`).join(', ')}`,
    );
}

/** `scope` undefined: nothing any more. */
async function permit(
  grant: Omit<ClientGrant, 'id' | 'scope'> & { readonly scope: readonly string[] | undefined },
  actor: Actor,
  { applications }: ManagementRoom,
  mayBe: (before: object) => boolean = () => true,
): Promise<MadeApplication> {
  const { client_id: clientId, audience, scope: wanted } = grant;
  const made = await applications.permit(
    clientId,
    (before) => {
      if (!mayBe(before)) throw alreadyThere(clientId, audience);
      return wanted === undefined ? without(before, audience) : { ...before, [audience]: wanted };
    },
    actor,
  );
  return made ?? unknownClient();
}

/** What an application holds that acts for itself alone; others hold tokens of people, too, and keep theirs until they end. */
async function takeBack(
  { client_id: clientId }: ClientGrant,
  { actor }: Call,
  { clients, revocation }: ManagementRoom,
): Promise<void> {
  const client = await clients.find(clientId);
  const grants = client?.metadata['grant_types'];
  const isMachine = Array.isArray(grants) && grants.every((one) => one === 'client_credentials');
  if (isMachine)
    await revocation.revoke(
      { kind: 'client', clientId },
      { reason: 'client_grant.removed', actor },
    );
}

function alreadyThere(clientId: string, audience: string): ManagementProblem {
  return new ManagementProblem(409, {
    message: `${clientId} has a client grant for ${audience} already.`,
    errorCode: 'client_grant_conflict',
  });
}
