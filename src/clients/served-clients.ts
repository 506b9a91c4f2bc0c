import type { Client, Clients } from './clients.ts';

/** Those of `clients` for which `isServed` holds: to whoever finds or lists them here there are no others. */
export function servedClients(clients: Clients, isServed: (client: Client) => boolean): Clients {
  const served = (all: readonly Client[]): readonly Client[] => all.filter(isServed);
  return {
    ...clients,
    async find(id) {
      const client = await clients.find(id);
      return client !== undefined && isServed(client) ? client : undefined;
    },
    list: async () => served(await clients.list()),
    pairwise: async () => served(await clients.pairwise()),
  };
}
