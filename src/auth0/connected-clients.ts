import type { ConnectedClients } from '../provider/contract.ts';
import type { TenantConfig } from './config.ts';

/** What people let applications of a tenant have, by its name. */
export function connectedClientsOf(
  { name }: Pick<TenantConfig, 'name'>,
  { list }: ConnectedClients,
): ConnectedClients {
  return {
    list: async (accountId) => (await list(accountId)).map((one) => ({ ...one, site: name })),
  };
}
