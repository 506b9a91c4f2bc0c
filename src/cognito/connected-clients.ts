import { lastTokensOf } from '../audit/last-tokens.ts';
import type { ConnectedClient, FurtherClients } from '../provider/contract.ts';
import type { ClientOfPool } from './pools.ts';
import type { Room } from './room.ts';
import type { Session } from './sessions.ts';

/** What one of them may do is the pool's to say: people are asked for nothing. */
const NOTHING = { scopes: [], claims: [], resources: [], details: [] };

/** Applications of pools in which somebody has a session, whether that began at the API or at the hosted pages. */
export function createConnectedClients(
  room: Pick<Room, 'accounts' | 'pools' | 'records' | 'sessions'>,
): FurtherClients {
  const { accounts, pools, records, sessions } = room;

  async function openAt({ pool, client }: ClientOfPool, accountId: string): Promise<Session[]> {
    const account = await accounts.find(accountId);
    const all = account === undefined ? [] : await sessions.of({ pool, account });
    return all.filter(({ clientId }) => clientId === client.id);
  }

  return {
    async list(accountId) {
      const found = [...(await lastTokensOf(records, accountId))].map(async ([id, lastUsedAt]) => {
        const of = await pools.findClient(id);
        const isOpen = of !== undefined && (await openAt(of, accountId)).length > 0;
        return isOpen ? viewOf(of, lastUsedAt) : undefined;
      });
      return (await Promise.all(found)).filter((one) => one !== undefined);
    },
    async end(accountId, clientId, actor) {
      const of = await pools.findClient(clientId);
      const open = of === undefined ? [] : await openAt(of, accountId);
      for (const session of open) await sessions.end(session, actor);
    },
  };
}

function viewOf({ client, pool }: ClientOfPool, lastUsedAt: number): ConnectedClient {
  return {
    client: {
      id: client.id,
      name: client.name,
      host: undefined,
      uri: undefined,
      logoUri: undefined,
      policyUri: undefined,
      tosUri: undefined,
      firstParty: true,
      secondFactor: undefined,
    },
    allowed: NOTHING,
    since: undefined,
    startUri: undefined,
    lastUsedAt,
    site: pool.name,
  };
}
