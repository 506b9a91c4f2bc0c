import { OWN_CLIENT_PREFIX, type DeclaredClient } from '../clients/config.ts';
import { ownClient } from '../clients/own-client.ts';

/** The client that the account page is at our own authorization endpoint. */
export const ACCOUNT_CLIENT = `${OWN_CLIENT_PREFIX}account` as const;
/** Where the authorization endpoint sends people back to. */
export const CALLBACK = '/account/signed-in';

/** `name`: of the installation. */
export function accountClient(installation: {
  readonly issuer: string;
  readonly name: string;
}): DeclaredClient {
  return ownClient({ ...installation, id: ACCOUNT_CLIENT, path: CALLBACK });
}
