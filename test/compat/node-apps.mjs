// Applications as their authors would write them, in a process that trusts the authority of NODE_EXTRA_CA_CERTS.
// Prints the port when it listens. All that it is told comes by the environment.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Auth0Client } from '@auth0/nextjs-auth0/server';
import { ManagementClient } from 'auth0';
import { AuthenticationClient } from 'auth0/legacy';
import { createAuthClientScenes } from './auth-client.mjs';
import { disableAndEnable } from './connecting.mjs';
import { makeAndTakeAway } from './making.mjs';
import { inviteAndGiveRoles } from './organizing.mjs';
import { NextRequest, NextResponse } from 'next/server.js';

const { AUTH0_DOMAIN: domain, AUTH0_AUDIENCE: audience, APP_BASE_URL: appBaseUrl } = process.env;
const { MACHINE_ID: clientId, MACHINE_SECRET: clientSecret, INBOX: inbox } = process.env;

// It takes the port of a domain only so: docs/guides/replace-auth0.md
const nextjs = new Auth0Client({
  domain: `https://${domain}`,
  allowInsecureRequests: true,
  authorizationParameters: { audience, scope: 'openid profile email offline_access read:messages' },
});
const authentication = new AuthenticationClient({ domain, clientId, clientSecret });
const management = new ManagementClient({ domain, clientId, clientSecret });

const scenes = createAuthClientScenes({ domain, clientId, clientSecret, audience, inbox });

const ROUTES = {
  '/auth-client/password': scenes.password,
  '/auth-client/code': scenes.code,
  '/auth-client/text-message': scenes.textMessage,
  '/auth-client/mfa': scenes.mfa,
  '/session': (request) => nextjs.getSession(request),
  '/machine': () => authentication.oauth.clientCredentialsGrant({ audience }),
  '/made': () => makeAndTakeAway(management, { domain }),
  '/connected': () => disableAndEnable(management, 'react'),
  '/organized': () =>
    inviteAndGiveRoles(management, {
      organization: 'org_acme',
      clientId: process.env.AUTH0_CLIENT_ID,
      email: 'quinn@example.com',
    }),
  '/invited': async ({ nextUrl: { searchParams } }) => {
    const { invitation_url: url } = await management.organizations.invitations.create('org_acme', {
      inviter: { name: 'Alice' },
      invitee: { email: searchParams.get('email') },
      client_id: process.env.AUTH0_CLIENT_ID,
      send_invitation_email: false,
    });
    return { url };
  },
  '/people': async () => {
    const { data } = await management.users.list({ q: 'email:"alice@example.com"' });
    const [{ user_id: id }] = data;
    await management.users.update(id, {
      user_metadata: { colour: 'green' },
      phone_number: '+15551230003',
      phone_verified: true,
    });
    return await management.users.get(id);
  },
};

/** What Next's own server does with a request before any page of the application. */
async function answer(incoming) {
  const { url, method, headers } = incoming;
  const request = new NextRequest(`${appBaseUrl}${url}`, { method, headers });
  const { pathname } = request.nextUrl;
  // As the matcher of nextjs-auth0's guide leaves it out: a browser asks for it in its own time, and would be given the
  // cookies of a session anew that was just ended.
  if (pathname === '/favicon.ico') return new Response(undefined, { status: 204 });
  if (pathname === '/token') {
    // Takes the cookies of the renewed session.
    const renewed = NextResponse.json({});
    const { token } = await nextjs.getAccessToken(request, renewed, { refresh: true });
    return Response.json({ token }, { headers: renewed.headers });
  }
  const act = ROUTES[pathname];
  return act === undefined ? await nextjs.middleware(request) : Response.json(await act(request));
}

async function handle(incoming, outgoing) {
  try {
    const response = await answer(incoming);
    outgoing.statusCode = response.status;
    for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  } catch (error) {
    outgoing.statusCode = 500;
    outgoing.end(String(error?.stack ?? error));
  }
}

const server = createServer((incoming, outgoing) => void handle(incoming, outgoing));
await once(server.listen(Number(new URL(appBaseUrl).port), '127.0.0.1'), 'listening');
process.stdout.write('listening\n');
