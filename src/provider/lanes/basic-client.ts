import type { Client as EngineClient, Provider } from 'oidc-provider';
import type { Client, Clients } from '../../clients/clients.ts';
import type { EngineClients } from '../engine-clients.ts';

const SCHEME = 'Basic ';
const BASIC = /^Basic (?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;
/** Only what form-encoding, which RFC 6749 section 2.3.1 wants here, leaves as it is. */
const PAIR = /^[\w.~-]+:[\w.~-]+$/;
const BY_SECRET: ReadonlySet<string | undefined> = new Set([
  'client_secret_basic',
  'client_secret_post',
]);

/** A client that proved itself, as the engine and as we know it. */
export interface Proven {
  readonly engineClient: EngineClient;
  readonly client: Client;
  /** The generation that knows `engineClient`: its models take no client of another. */
  readonly provider: Provider;
}

/** Authenticates by HTTP Basic. Undefined: it is not right, or not ordinary; the engine says which. */
export type ProveClient = (authorization: string | undefined) => Promise<Proven | undefined>;

/** `provider`: the generation of the moment. */
export function createProveClient(options: {
  readonly clients: Clients;
  readonly engineClients: EngineClients;
  readonly provider: () => Provider;
}): ProveClient {
  const { clients, engineClients, provider } = options;
  return async (authorization = '') => {
    const { id, secret } = readBasic(authorization);
    const generation = provider();
    const engineClient = id === undefined ? undefined : await generation.Client.find(id);
    const client = engineClient && engineClients.ownerOf(engineClient);
    if (client === undefined || secret === undefined) return undefined;
    if (!BY_SECRET.has(engineClient?.clientAuthMethod)) return undefined;
    return engineClient && clients.verifySecret(client, secret)
      ? { engineClient, client, provider: generation }
      : undefined;
  };
}

// Without groups in the patterns: filling them costs more than all else here.
function readBasic(authorization: string): { readonly id?: string; readonly secret?: string } {
  if (!BASIC.test(authorization)) return {};
  const pair = Buffer.from(authorization.slice(SCHEME.length), 'base64').toString('latin1');
  if (!PAIR.test(pair)) return {};
  const end = pair.indexOf(':');
  return { id: pair.slice(0, end), secret: pair.slice(end + 1) };
}
