import { z } from 'zod';
import type { Invitation, NewInvitation } from '../organizations/invitations.ts';
import type { TenantOrganization } from '../organizations/tenant-organizations.ts';
import { instantOf } from '../person.ts';
import type { Call } from './call.ts';
import { notFound } from './declared.ts';
import { invitationPost, noAddress } from './invitation-post.ts';
import { exactly } from './exactly.ts';
import { organizationOf } from './organizations.ts';
import { pageOfAll, pageQuery } from './paging.ts';
import { invalidBody } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { rolesByIds } from './tenant-roles.ts';
import { CONNECTION_ID } from './user-view.ts';

const WEEK_SECONDS = 604_800;
const TTL_SECONDS_MAX = 2_592_000;
const wanted = exactly({
  inviter: exactly({ name: z.string().trim().min(1).max(300) }),
  invitee: exactly({ email: z.string().min(3).max(254) }),
  client_id: z.string().min(1).max(128),
  connection_id: z.literal(CONNECTION_ID, { error: `is ${CONNECTION_ID} alone` }).optional(),
  ttl_sec: z.int().min(1).max(TTL_SECONDS_MAX).default(WEEK_SECONDS),
  send_invitation_email: z.boolean().default(true),
  roles: z.array(z.string().max(100)).max(50).default([]),
});

/** `/organizations/{id}/invitations` */
export function organizationInvitationRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const { invitations } = room.organizations;
  const path = '/organizations/:id/invitations';
  return [
    {
      method: 'get',
      path,
      scopes: ['read:organization_invitations'],
      async run(call) {
        const { id } = await organizationOf(call, room);
        const all = (await invitations.list(id)).map(viewOf);
        return pageOfAll('invitations', all, call.query(z.object(pageQuery)));
      },
    },
    {
      method: 'get',
      path: `${path}/:invitation`,
      scopes: ['read:organization_invitations'],
      async run(call) {
        const { id } = await organizationOf(call, room);
        const all = await invitations.list(id);
        return viewOf(all.find((one) => one.id === call.param('invitation')) ?? unknown());
      },
    },
    {
      method: 'post',
      path,
      scopes: ['create:organization_invitations'],
      status: 201,
      run: (call) => invite(call, room),
    },
    {
      method: 'delete',
      path: `${path}/:invitation`,
      scopes: ['delete:organization_invitations'],
      async run(call) {
        const { id } = await organizationOf(call, room);
        const isGone = await invitations.delete(id, call.param('invitation'), call.actor);
        return isGone ? undefined : unknown();
      },
    },
  ];
}

async function invite(call: Call, room: ManagementRoom): Promise<object> {
  const organization = await organizationOf(call, room);
  const given = await call.body(wanted);
  await rolesByIds(given.roles, room);
  const loginUrl = await loginUrlOf(given.client_id, room);
  const invitation: NewInvitation = {
    organizationId: organization.id,
    clientId: given.client_id,
    email: given.invitee.email,
    inviter: given.inviter.name,
    ttlSeconds: given.ttl_sec,
    roles: given.roles,
  };
  const post = given.send_invitation_email
    ? await invitationPost(invitation, call, room)
    : undefined;
  const linkOf = (ticket: string): string => ticketUrl(loginUrl, { ticket, organization });
  const made = await room.organizations.invitations.create(
    invitation,
    call.actor,
    ({ ticket, invitation: { expiresAt } }) =>
      post === undefined
        ? []
        : [post({ url: linkOf(ticket), organization: organization.displayName, until: expiresAt })],
  );
  if (made === undefined) throw noAddress();
  return {
    ...viewOf(made.invitation),
    invitation_url: linkOf(made.ticket),
    ticket_id: made.ticket,
  };
}

function ticketUrl(
  loginUrl: URL,
  {
    ticket,
    organization: { id, name },
  }: { readonly ticket: string; readonly organization: TenantOrganization },
): string {
  const url = new URL(loginUrl);
  url.searchParams.set('invitation', ticket);
  url.searchParams.set('organization', id);
  url.searchParams.set('organization_name', name);
  return url.href;
}

/** Where the application takes up invitations: it leads to /authorize with what it is given. @throws {ManagementProblem} */
async function loginUrlOf(
  clientId: string,
  { clients }: Pick<ManagementRoom, 'clients'>,
): Promise<URL> {
  const uri = (await clients.find(clientId))?.metadata['initiate_login_uri'];
  const url = typeof uri === 'string' ? URL.parse(uri) : null;
  if (url !== null) return url;
  throw invalidBody("'client_id': is no application with an initiate_login_uri");
}

function unknown(): never {
  return notFound('No invitation found by that id.', 'inexistent_invitation');
}

/** Tickets are kept as hashes: they are told when they are made, and never again. */
function viewOf({
  id,
  organizationId,
  clientId,
  email,
  inviter,
  roles,
  createdAt,
  expiresAt,
}: Invitation): object {
  return {
    id,
    organization_id: organizationId,
    client_id: clientId,
    connection_id: CONNECTION_ID,
    inviter: { name: inviter },
    invitee: { email },
    ...(roles.length > 0 && { roles: [...roles] }),
    created_at: instantOf(createdAt),
    expires_at: instantOf(expiresAt),
  };
}
