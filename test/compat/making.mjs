import { AuthenticationClient } from 'auth0/legacy';

const API = 'https://orders.example.com';

/** Makes an API and an application by `management`, has a token for the application, and takes both away. */
export async function makeAndTakeAway(management, { domain }) {
  await management.resourceServers.create({
    identifier: API,
    name: 'Orders',
    scopes: [{ value: 'read:orders', description: 'Read orders' }],
    token_lifetime: 600,
  });
  const client = await management.clients.create({ name: 'Made', app_type: 'non_interactive' });
  const { client_id: clientId, client_secret: clientSecret } = client;
  await management.clientGrants.create({
    client_id: clientId,
    audience: API,
    scope: ['read:orders'],
  });
  const { data: grants } = await management.clientGrants.list({ client_id: clientId });
  const own = new AuthenticationClient({ domain, clientId, clientSecret });
  const { data: token } = await own.oauth.clientCredentialsGrant({ audience: API });
  const { name } = await management.clients.update(clientId, { name: 'Renamed' });
  await management.clients.delete(clientId);
  await management.resourceServers.delete(API);
  const left = await management.clients.get(clientId).catch(({ statusCode }) => statusCode);
  return { listed: grants.flatMap(({ scope }) => scope), token, renamed: name, left };
}
