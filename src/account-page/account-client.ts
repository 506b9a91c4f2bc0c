import { clientsConfig, OWN_CLIENT_PREFIX, type DeclaredClient } from '../clients/config.ts';

/** The client that the account page is at our own authorization endpoint. */
export const ACCOUNT_CLIENT = `${OWN_CLIENT_PREFIX}account`;
/** Where the authorization endpoint sends people back to. */
export const CALLBACK = '/account/signed-in';

/** It is one of our own, so that nobody is asked to allow it anything. `name`: of the installation. */
export function accountClient({
  issuer,
  name,
}: {
  readonly issuer: string;
  readonly name: string;
}): DeclaredClient {
  const [client] = clientsConfig.parse([
    {
      id: 'account',
      name,
      type: 'spa',
      redirectUris: [`${issuer}${CALLBACK}`],
      grantTypes: ['authorization_code'],
      firstParty: true,
      corsOrigins: [],
    },
  ]);
  if (client === undefined) throw new TypeError('a client that was declared is not there');
  return { ...client, id: ACCOUNT_CLIENT };
}
