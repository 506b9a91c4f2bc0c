import type { Client, Clients } from '../../clients/clients.ts';
import { problem } from './api-problem.ts';

/** How an application names itself in the body of a request. */
interface Named {
  readonly client_id?: string | undefined;
  readonly client_secret?: string | undefined;
}

/**
 * The application that asks, which must show its secret if it has one. What proves itself by a key can do so at the token
 * endpoint alone.
 *
 * @throws {ApiProblem}
 */
export async function authenticatedClient(
  { client_id: id, client_secret: secret }: Named,
  clients: Clients,
): Promise<Client> {
  const client = id === undefined ? undefined : await clients.find(id);
  if (client === undefined) throw problem(401, 'access_denied', 'Unauthorized');
  const isOpen = client.metadata['token_endpoint_auth_method'] === 'none';
  if (isOpen || (secret !== undefined && clients.verifySecret(client, secret))) return client;
  throw problem(401, 'access_denied', 'Unauthorized');
}
