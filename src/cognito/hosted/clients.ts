import type { Client, Clients, ResourceServer, ResourceServers } from '../../clients/clients.ts';
import { policyOf } from '../../clients/policy.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { OIDC_SCOPES } from '../oauth.ts';
import { issuerOf, type Pool } from '../pool.ts';
import type { ClientOfPool, Pools } from '../pools.ts';
import { TOKEN_ALGORITHM } from '../sign-token.ts';

/** What an access token may be for, beside the applications of the pool: as Cognito has it. */
const BINDABLE =
  /^(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1)(?=[:/]|$)|(?!https?:)[a-z][a-z\d+.-]*:\/\/)./i;

const SECOND_FACTOR = { off: 'never', optional: 'if-enrolled', on: 'required' } as const;

/** The clients of all pools as the engine sees them. */
export interface HostedClients {
  readonly clients: Clients;
  /** APIs that all have every scope that a client may ask for and OpenID Connect does not know. */
  readonly resourceServers: ResourceServers;
  /** Undefined: nobody has looked for this client yet. */
  issuerFor(clientId: string): string | undefined;
  /** Whether people make a user of their own in the pool of a client that somebody has looked for. */
  isOpen(clientId: string): boolean;
}

/** Those that may use the hosted endpoints by a code; what else a client store can do is that of `house`. */
export function createHostedClients({
  house,
  pools,
  endpoint,
}: {
  readonly house: Clients;
  readonly pools: Pick<Pools, 'findClient'>;
  readonly endpoint: string;
}): HostedClients {
  const known = new Map<string, { readonly text: string; readonly client: Client }>();
  const poolsOf = new Map<string, Pool>();
  const scopes = new Map<string, string>();

  async function find(id: string): Promise<Client | undefined> {
    const found = await pools.findClient(id);
    if (found === undefined || !mayUseCodes(found)) return undefined;
    const text = JSON.stringify([found.client, found.pool]);
    const seen = known.get(id);
    // The same object for as long as nothing changes: the engine keeps what it has made of it.
    const client = seen?.text === text ? seen.client : hostedClient(found);
    known.set(id, { text, client });
    poolsOf.set(id, found.pool);
    for (const scope of found.client.oauth.scopes)
      if (!OIDC_SCOPES.includes(scope)) scopes.set(scope, scope);
    return client;
  }

  return {
    clients: { ...house, find, list: async () => [], pairwise: async () => [] },
    resourceServers: {
      find: (identifier) =>
        identifier === endpoint || BINDABLE.test(identifier)
          ? apiOf(identifier, scopes)
          : undefined,
      list: () => [apiOf(endpoint, scopes)],
    },
    issuerFor(clientId) {
      const pool = poolsOf.get(clientId);
      return pool && issuerOf(pool, endpoint);
    },
    isOpen: (clientId) => poolsOf.get(clientId)?.selfSignUp === true,
  };
}

function mayUseCodes({ client: { oauth } }: ClientOfPool): boolean {
  return oauth.enabled && oauth.flows.includes('code') && oauth.callbackUrls.length > 0;
}

/** What is issued by the engine for it nobody is given: it only knows of the scopes. */
function apiOf(identifier: string, scopes: ReadonlyMap<string, string>): ResourceServer {
  return {
    identifier,
    name: 'Amazon Cognito',
    scopes,
    permissions: new Map(),
    enforcePermissions: false,
    accessTokenFormat: 'opaque',
    signingAlgorithm: TOKEN_ALGORITHM,
    encryption: undefined,
    accessTokenTtlSeconds: undefined,
    statusList: false,
    publishMetadata: false,
    restricted: false,
    claims: new Map(),
  };
}

/** An app of the installation's own: Cognito asks nobody for consent. */
function hostedClient({ pool, client }: ClientOfPool): Client {
  const { id, name, secret, oauth } = client;
  const isNative = oauth.callbackUrls.some((url) => !/^https?:/i.test(url));
  const metadata: JsonObject = {
    client_name: name,
    application_type: isNative ? 'native' : 'web',
    redirect_uris: oauth.callbackUrls,
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: secret === undefined ? 'none' : 'client_secret_basic',
    scope: oauth.scopes.join(' '),
  };
  const policy = policyOf(metadata, {
    firstParty: true,
    requirePkce: false,
    secondFactor: SECOND_FACTOR[pool.mfa],
  });
  const secretHash = secret === undefined ? undefined : sha256(secret);
  return Object.freeze({ id, metadata, secretHash, policy, source: 'config', createdAt: 0 });
}
