import { lastTokensOf } from '../audit/last-tokens.ts';
import type { Client, Clients } from '../clients/clients.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import { NOTHING } from './allowed.ts';
import type { Consents } from './consent-queries.ts';
import type { ClientView, ConnectedClient, ConnectedClients, IssuerProfile } from './contract.ts';
import type { Dialect } from './dialect.ts';
import { consentView, viewOfClient } from './interaction-view.ts';
import type { Resources } from './resources.ts';
import { grantKey, grantsOfKey } from './store/grants.ts';
import { ofKind, text } from './store/payloads.ts';
import { oidcKey } from './store/request-state.ts';

interface ConnectedClientsOptions {
  readonly consents: Consents;
  readonly clients: Clients;
  readonly resources: Resources;
  readonly records: Records;
  readonly state: State;
  readonly profile: IssuerProfile;
  /** Of an issuer beside the installation's own. */
  readonly dialect?: Dialect | undefined;
}

/** From what was allowed, and from the tokens of those that need not ask. */
export function createConnectedClients(options: ConnectedClientsOptions): ConnectedClients {
  const { consents, clients, resources, records, state, profile, dialect } = options;

  /** Undefined: it is another issuer's, or nobody's. */
  async function view(
    id: string,
  ): Promise<Pick<ConnectedClient, 'client' | 'startUri'> | undefined> {
    const client = await clients.find(id);
    if (client === undefined)
      return dialect === undefined ? { client: nameless(id), startUri: undefined } : undefined;
    return { client: viewOfClient(client), startUri: startUriOf(client, profile.issuer) };
  }

  async function hasGrant(accountId: string, clientId: string): Promise<boolean> {
    const full = (key: string): string => oidcKey(profile.namespace, key);
    const ids = await state.list(full(grantsOfKey(accountId, clientId)));
    // The set also names grants that have ended.
    const entries = await state.getMany(ids.map((id) => full(grantKey(id))));
    return entries.some((entry) => ofKind(entry, 'Grant') !== undefined);
  }

  return {
    async list(accountId) {
      const [consented, lastTokens] = await Promise.all([
        consents.list(accountId),
        lastTokensOf(records, accountId),
      ]);
      const asked = new Map(consented.map((one) => [one.clientId, one]));
      const ids = new Set([...asked.keys(), ...lastTokens.keys()]);
      const connected = await Promise.all(
        [...ids].map(async (id): Promise<ConnectedClient | undefined> => {
          const consent = asked.get(id);
          if (consent === undefined && !(await hasGrant(accountId, id))) return undefined;
          const shown = await view(id);
          return (
            shown && {
              ...shown,
              allowed: consentView(consent?.allowed ?? NOTHING, resources),
              since: consent?.grantedAt,
              lastUsedAt: lastTokens.get(id),
              site: '',
            }
          );
        }),
      );
      return connected
        .filter((one) => one !== undefined)
        .toSorted((one, other) => one.client.name.localeCompare(other.client.name));
    },
  };
}

/** The client is told who asks it to begin, and begins a sign-in of its own: nothing of a session is in the link. */
function startUriOf({ metadata }: Client, issuer: string): string | undefined {
  const uri = text(metadata, 'initiate_login_uri');
  const url = uri === undefined ? null : URL.parse(uri);
  if (url?.protocol !== 'https:') return undefined;
  url.searchParams.set('iss', issuer);
  return url.href;
}

function nameless(id: string): ClientView {
  return {
    id,
    name: id,
    host: undefined,
    uri: undefined,
    logoUri: undefined,
    policyUri: undefined,
    tosUri: undefined,
    firstParty: false,
    secondFactor: undefined,
  };
}
