import type { AllConnectedClients, ConnectedClients, FurtherClients } from './provider/contract.ts';

/** Those of the installation, to which those of its capabilities come once they are opened. */
export interface JoinedClients extends AllConnectedClients {
  include(further: FurtherClients): void;
}

/** A client of `own` that is one of the others, too, is told as theirs. */
export function joinConnectedClients(own: ConnectedClients): JoinedClients {
  const all: FurtherClients[] = [own];
  return {
    include: (further) => void all.push(further),
    async list(accountId) {
      const found = await Promise.all(all.map((one) => one.list(accountId)));
      const byId = new Map(found.flat().map((one) => [one.client.id, one]));
      return [...byId.values()].toSorted((one, other) =>
        one.client.name.localeCompare(other.client.name),
      );
    },
    async end(accountId, clientId, actor) {
      await Promise.all(all.map(async (one) => await one.end?.(accountId, clientId, actor)));
    },
  };
}
