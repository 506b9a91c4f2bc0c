import { askedFor } from '../http/asked-for.ts';
import { seeOther } from '../http/page.ts';
import type { ConnectedClient } from '../provider/contract.ts';
import { ACCOUNT_CLIENT } from './account-client.ts';
import type { ShownClient } from './pages.ts';
import type { Room } from './room.ts';
import { isSafeImage } from './show.ts';
import type { Step, Visit } from './visit.ts';

const CLIENTS = '/account/clients';

/** What somebody lets clients have. */
export function createClientList({ connectedClients, takeBack, audit, show }: Room): {
  readonly show: Step;
  readonly remove: Step;
} {
  async function list({ account }: Visit): Promise<readonly ConnectedClient[]> {
    const connected = await connectedClients.list(account.id);
    // This very page is no app that anybody would know.
    return connected.filter(({ client }) => client.id !== ACCOUNT_CLIENT);
  }

  return {
    async show(visit) {
      const clients = (await list(visit)).map(shownClient);
      await show(
        visit,
        'account/clients',
        { clients },
        { images: clients.map(({ logo }) => logo) },
      );
    },
    async remove(visit) {
      const { ctx, account, actor, form } = visit;
      const id = form.get('client') ?? '';
      const isConnected = (await list(visit)).some(({ client }) => client.id === id);
      if (isConnected) {
        await takeBack.disconnect(account.id, id, { reason: 'account_page', actor });
        await connectedClients.end(account.id, id, actor);
        const { by, origin } = actor;
        const what = { accountId: account.id, clientId: id, by, origin };
        await audit.record({ type: 'client.disconnected', ...what });
      }
      seeOther(ctx, isConnected ? `${CLIENTS}?done=client-removed` : CLIENTS);
    },
  };
}

function shownClient(connected: ConnectedClient): ShownClient {
  const { client, allowed, startUri = '', since = 0, lastUsedAt = 0, site: partOf } = connected;
  const { id, name, uri = '', logoUri = '', firstParty } = client;
  const [initial = ''] = name;
  return {
    id,
    name,
    initial: initial.toLocaleUpperCase(),
    logo: isSafeImage(logoUri) ? logoUri : '',
    uri,
    site: URL.parse(uri)?.host ?? '',
    startUri,
    partOf,
    isOwn: firstParty,
    ...askedFor(allowed),
    since,
    lastUsedAt,
  };
}
