import type { Client } from '../../clients/clients.ts';
import { grantsOf } from '../clients.ts';
import type { TenantConfig } from '../config.ts';
import { managementAudience } from '../management/api.ts';
import { idOfName } from '../management/declared.ts';
import type { ManagementRoom } from '../management/room.ts';
import { ownScopesOf } from './applications.ts';

/** What an application may ask for itself of one API, as Auth0 writes it. */
export interface ClientGrant {
  readonly id: string;
  readonly client_id: string;
  readonly audience: string;
  readonly scope: readonly string[];
}

type Rooms = Pick<ManagementRoom, 'clients' | 'resourceServers' | 'tenant'>;

/** Those of all applications of the tenant: what the configuration comes to, and what was granted here. */
export async function listClientGrants(rooms: Rooms): Promise<readonly ClientGrant[]> {
  return (await rooms.clients.list()).flatMap((client) => grantsOfClient(client, rooms));
}

/** Its id is made of what it is for: there is one for each application and API. */
export function clientGrant(
  clientId: string,
  audience: string,
  scope: readonly string[],
): ClientGrant {
  const id = idOfName('cgr_', `${clientId} ${audience}`);
  return { id, client_id: clientId, audience, scope };
}

function grantsOfClient(client: Client, rooms: Rooms): readonly ClientGrant[] {
  const declared = rooms.tenant.clients.find(({ clientId }) => clientId === client.id);
  if (declared !== undefined) return declaredGrants(declared, rooms);
  return Object.entries(ownScopesOf(client)).map(([audience, scope]) =>
    clientGrant(client.id, audience, scope),
  );
}

function declaredGrants(
  client: TenantConfig['clients'][number],
  { resourceServers, tenant }: Rooms,
): readonly ClientGrant[] {
  const { clientId, audiences, managementScopes = [] } = client;
  if (!grantsOf(client).includes('client_credentials')) return [];
  const management = managementAudience(tenant);
  return resourceServers.list().flatMap(({ identifier, scopes, restricted }) => {
    const isManagement = identifier === management;
    const mayAsk = audiences?.includes(identifier) ?? !restricted;
    if (isManagement ? managementScopes.length === 0 : !mayAsk) return [];
    return [
      clientGrant(clientId, identifier, isManagement ? managementScopes : [...scopes.keys()]),
    ];
  });
}
