import { clientsConfig, OWN_CLIENT_PREFIX, type DeclaredClient } from './config.ts';

/**
 * Pages of our own that people sign in to like to any client. It is one of our own, so that nobody is asked to allow it
 * anything. `name`: of the installation; `path`: where the authorization endpoint sends people back to.
 */
export function ownClient({
  id,
  name,
  issuer,
  path,
}: {
  readonly id: `${typeof OWN_CLIENT_PREFIX}${string}`;
  readonly name: string;
  readonly issuer: string;
  readonly path: string;
}): DeclaredClient {
  const [client] = clientsConfig.parse([
    {
      id: id.slice(OWN_CLIENT_PREFIX.length),
      name,
      type: 'spa',
      redirectUris: [`${issuer}${path}`],
      grantTypes: ['authorization_code'],
      firstParty: true,
      corsOrigins: [],
    },
  ]);
  if (client === undefined) throw new TypeError('a client that was declared is not there');
  return { ...client, id };
}
