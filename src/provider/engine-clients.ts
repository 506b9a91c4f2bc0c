import {
  errors,
  type AdapterPayload,
  type Client as EngineClient,
  type Provider,
} from 'oidc-provider';
import { InvalidClient, type Client, type Clients } from '../clients/clients.ts';
import { FURTHER_GRANT } from '../clients/further-grants.ts';
import type { SecurityProfile } from '../clients/security-profile.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Actor } from '../runtime/origin.ts';
import { randomId } from '../runtime/random.ts';
import { CIBA_GRANT } from './features/ciba.ts';
import type { Demands } from './features/demands.ts';
import type { FurtherGrant } from './further-grant.ts';
import { createProfileJudge } from './profile-judge.ts';
import { isRegisteredUri } from './redirect-uris.ts';
import { once, type RequestScope, type RequestScopes } from './request-scope.ts';
import type { ModelStore } from './store/adapter.ts';
import { text, texts, toJson } from './store/payloads.ts';

/** Our clients as the engine sees them. */
export interface EngineClients {
  /** The engine's store of clients; what it writes comes from dynamic registration. */
  readonly store: ModelStore;
  /** Ours behind the engine's. */
  ownerOf(client: EngineClient): Client | undefined;
  /** What ours behind the engine's is held to. */
  profileOf(client: EngineClient): SecurityProfile | undefined;
  /** Whether it gets a new refresh token with each refresh. */
  isRotated(client: EngineClient | undefined): boolean;
  /** Ours by id, read once for each request. */
  find(id: string): Promise<Client | undefined>;
  /** Puts our look-up and comparisons into a generation. */
  install(provider: Provider): void;
}

/** Members that the engine adds to what a client registered. */
const GIVEN: ReadonlySet<string> = new Set(
  'client_id client_secret client_secret_expires_at client_id_issued_at'.split(' '),
);

/** `requirePkce`: of confidential clients that register themselves; `detailTypes`: of authorization details, all that there are;
 * `requestAlgorithms`: by which requests may be encrypted. */
export function createEngineClients(options: {
  readonly clients: Clients;
  readonly scopes: RequestScopes;
  readonly engineScopes: ReadonlySet<string>;
  readonly requirePkce: boolean;
  readonly demands: Demands;
  readonly detailTypes: ReadonlySet<string>;
  readonly furtherGrants?: readonly FurtherGrant[] | undefined;
  readonly requestAlgorithms: ReadonlySet<string>;
  readonly logger: Logger;
}): EngineClients {
  const { clients, scopes, requirePkce, demands } = options;
  const owners = new WeakMap<EngineClient, Client>();
  // The engine insists on a secret where a client has one. Ours are kept as hashes, and it never compares them.
  const placeholder = randomId(32);
  const judged = createProfileJudge(options);
  const actor = (): Actor => ({ by: 'registration', origin: scopes.current().origin });
  const find = (id: string): Promise<Client | undefined> =>
    once(scopes.current().clients, id, () => clients.find(id));

  async function metadataOf(client: Client): Promise<AdapterPayload> {
    return {
      ...client.metadata,
      ...demands.of(client),
      client_id: client.id,
      client_id_issued_at: client.createdAt,
      ...(await secretOf(client, clients, placeholder)),
      ...narrowed(client.metadata, options),
    };
  }

  async function write(id: string, payload: AdapterPayload): Promise<void> {
    const scope = scopes.current();
    const { metadata, secret } = registered(payload, placeholder, scope);
    const isKnown = (await clients.find(id)) !== undefined;
    if (isKnown) await clients.update(id, metadata, actor(), { secret });
    else await clients.create({ id, metadata, secret, policy: { requirePkce } }, actor());
    scope.clients.delete(id);
    scope.issuedSecret = secret;
  }

  return {
    find,
    ownerOf: (client) => owners.get(client),
    profileOf: (client) => demands.profileOf(owners.get(client)),
    isRotated: (client) => isRotated(client && owners.get(client), demands),
    store: {
      async find(id) {
        const client = await find(id);
        return client && metadataOf(client);
      },
      upsert: (id, payload) => write(id, payload).catch(refuse),
      async destroy(id) {
        await clients.delete(id, actor());
        scopes.current().clients.delete(id);
      },
    },
    install(provider) {
      installFind(provider, async (id) => judged(await find(id)), owners);
      installComparisons(provider, { clients, ownerOf: (client) => owners.get(client) });
    },
  };
}

/** FAPI 2.0 Security Profile section 5.3.2.1: there, a refresh token is of no use without the client's key. */
function isRotated(client: Client | undefined, demands: Demands): boolean {
  return demands.profileOf(client) === undefined && client?.policy.rotatesRefreshTokens !== false;
}

/**
 * The engine would read, hash and compare a client's metadata at each request. Ours stays the same object
 * for as long as nothing changes, so it is enough to look that up.
 */
function installFind(
  provider: Provider,
  find: EngineClients['find'],
  owners: WeakMap<EngineClient, Client>,
): void {
  const engineFind = provider.Client.find.bind(provider.Client);
  const known = new WeakMap<Client, EngineClient>();
  Object.defineProperty(provider.Client, 'find', {
    value: async (id: unknown): Promise<EngineClient | undefined> => {
      const client = typeof id === 'string' && id !== '' ? await find(id) : undefined;
      if (client === undefined) return undefined;
      const built = known.get(client) ?? (await engineFind(client.id));
      if (built === undefined) return undefined;
      known.set(client, built);
      owners.set(built, client);
      return built;
    },
  });
}

function installComparisons(
  provider: Provider,
  { clients, ownerOf }: { clients: Clients; ownerOf: EngineClients['ownerOf'] },
): void {
  const isAllowed = (client: EngineClient, uri: string, name: string): boolean => {
    const registeredUris = ownerOf(client)?.metadata[name];
    const uris = Array.isArray(registeredUris)
      ? registeredUris.filter((one) => typeof one === 'string')
      : [];
    return isRegisteredUri(uris, uri, ownerOf(client)?.policy.anyLoopbackPort ?? false);
  };
  Object.defineProperties(provider.Client.prototype, {
    compareClientSecret: {
      value(this: EngineClient, secret: unknown): boolean {
        const client = ownerOf(this);
        return (
          client !== undefined && typeof secret === 'string' && clients.verifySecret(client, secret)
        );
      },
    },
    redirectUriAllowed: {
      value(this: EngineClient, uri: string): boolean {
        return isAllowed(this, uri, 'redirect_uris');
      },
    },
    postLogoutRedirectUriAllowed: {
      value(this: EngineClient, uri: string): boolean {
        return isAllowed(this, uri, 'post_logout_redirect_uris');
      },
    },
  });
}

/** The secret where it is kept readable, else `placeholder`; nothing of a client that has none. */
async function secretOf(
  client: Client,
  clients: Clients,
  placeholder: string,
): Promise<{ client_secret?: string; client_secret_expires_at?: number }> {
  if (client.secretHash === undefined) return {};
  const secret = await clients.sharedSecret(client);
  return { client_secret: secret ?? placeholder, client_secret_expires_at: 0 };
}

/** Without what only we know, and what is there no more: the engine would refuse the whole client. */
function narrowed(
  metadata: JsonObject,
  known: {
    readonly engineScopes: ReadonlySet<string>;
    readonly detailTypes: ReadonlySet<string>;
    readonly furtherGrants?: readonly FurtherGrant[] | undefined;
    readonly requestAlgorithms: ReadonlySet<string>;
  },
): object {
  const name = 'authorization_details_types';
  const further = new Set(known.furtherGrants?.map(({ grantType }) => grantType));
  const grants = texts(metadata, 'grant_types');
  const types = texts(metadata, name).filter((type) => known.detailTypes.has(type));
  return {
    ...engineScope(metadata, known.engineScopes),
    ...(metadata[name] !== undefined && { [name]: types }),
    grant_types: grants.filter((grant) => !FURTHER_GRANT.test(grant) || further.has(grant)),
    ...(!known.requestAlgorithms.has(text(metadata, 'request_object_encryption_alg') ?? '') && {
      request_object_encryption_alg: undefined,
      request_object_encryption_enc: undefined,
    }),
  };
}

/** The engine knows OIDC scopes only; those of APIs are held to the registration where tokens are shaped. */
function engineScope(metadata: JsonObject, known: ReadonlySet<string>): { scope?: string } {
  const scope = text(metadata, 'scope');
  if (scope === undefined) return {};
  const ours = scope.split(' ').filter((name) => known.has(name));
  return { scope: ours.length === 0 ? 'openid' : ours.join(' ') };
}

/** What a client registered, of which the engine saw a part of the scopes; the secret only when it was drawn just now. */
function registered(
  payload: AdapterPayload,
  placeholder: string,
  { registeredScope: scope }: Pick<RequestScope, 'registeredScope'>,
): { readonly metadata: JsonObject; readonly secret: string | undefined } {
  const all = { ...toJson(payload), ...(scope !== undefined && { scope }) };
  // Else anybody could have somebody's phone ring.
  if (texts(all, 'grant_types').includes(CIBA_GRANT))
    throw new errors.InvalidClientMetadata(
      `grant_types: ${CIBA_GRANT} is given by operators alone`,
    );
  const secret = text(all, 'client_secret');
  return {
    metadata: Object.fromEntries(Object.entries(all).filter(([name]) => !GIVEN.has(name))),
    secret: secret === placeholder ? undefined : secret,
  };
}

function refuse(error: unknown): never {
  throw error instanceof InvalidClient ? refusal(error) : error;
}

/** RFC 7591 section 3.2.2: `invalid_redirect_uri` for one, `invalid_client_metadata` for all else. */
function refusal({ problems }: InvalidClient): Error {
  const uri = problems.find((problem) => problem.startsWith('redirect_uris'));
  return new errors.InvalidClientMetadata(uri ?? problems.join('; '));
}
