import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Clients, ResourceServers } from '../clients/clients.ts';
import { readSecret } from '../config/secrets.ts';
import type { Groups } from '../groups/groups.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import type { Subjects } from '../subjects/subjects.ts';
import type { StatusLists } from '../status-lists/status-lists.ts';
import type { ProtocolSettings } from './config.ts';
import { createPing } from './backchannel/ping.ts';
import { createWaitingRequests } from './backchannel/waiting-requests.ts';
import { createBrowserSessions } from './browser-sessions.ts';
import { createCodes } from './codes.ts';
import type {
  Admits,
  IssuerProfile,
  OnBackchannelRequest,
  Protocol,
  ProtocolPages,
} from './contract.ts';
import { createContentKeys } from './content-keys.ts';
import type { Adviser } from './advice.ts';
import type { Dialect } from './dialect.ts';
import type { FurtherGrant } from './further-grant.ts';
import { createConnectedClients } from './connected-clients.ts';
import type { Organizations } from './organizations.ts';
import { createFront } from './front.ts';
import { createGeneration } from './generation.ts';
import { createInteractions } from './interactions.ts';
import { readJsonAsForm } from './json-forms.ts';
import { createLanes } from './lanes/create-lanes.ts';
import type { ProtocolMetrics } from './metrics.ts';
import { createParts } from './parts.ts';
import { createMinting } from './minting.ts';
import { openTokenEncryption } from './token-encryption.ts';

/** All that one issuer's protocol is made of. */
export interface ProtocolOptions {
  readonly profile: IssuerProfile;
  readonly settings: ProtocolSettings;
  readonly state: State;
  readonly records: Records;
  readonly accounts: Accounts;
  readonly groups: Pick<Groups, 'held'>;
  readonly clients: Clients;
  readonly resourceServers: ResourceServers;
  readonly signingKeys: SigningKeys;
  readonly revocation: Revocation;
  readonly subjects: Subjects;
  /** Left out: access tokens name no place in a status list. */
  readonly statusLists?: StatusLists | undefined;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pages: ProtocolPages;
  /** For URLs that clients chose: back-channel logout, key sets. */
  readonly outboundFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Cookies are signed with the first; those signed with another are still taken. */
  readonly cookieKeys: readonly string[];
  /** For what must not lie in the state in clear, and for keys by which nodes read the access tokens that they encrypt. */
  readonly sealer: Pick<Sealer, 'keysFor' | 'open' | 'seal'>;
  /** Tells people of requests that wait for them (OpenID Connect CIBA). */
  readonly onBackchannelRequest?: OnBackchannelRequest | undefined;
  readonly metrics?: ProtocolMetrics | undefined;
  /** Left out: ours. */
  readonly dialect?: Dialect | undefined;
  /** Ways to tokens beside those of the specifications; clients have them by their `grant_types`. */
  readonly furtherGrants?: readonly FurtherGrant[] | undefined;
  /** Who may sign in to which client; left out: everybody to each. */
  readonly admits?: Admits | undefined;
  /** Has a say in what is issued; left out: nobody. An issuer that has one speaks a dialect. */
  readonly adviser?: Adviser | undefined;
  /** In whose name people may be asked to sign in; left out: nobody's. An issuer that has them speaks a dialect. */
  readonly organizations?: Organizations | undefined;
  /** In the dev profile, which mints tokens for tests; left out: it does not. */
  readonly isDev?: boolean | undefined;
}

/**
 * The protocol of one issuer: OpenID Connect and OAuth over the rooms given. New signing keys mean a new
 * generation of the engine over the same stores; requests under way end in the one they began in.
 *
 * @throws {SecretUnavailable} when the initial access token, or the secret of an API, cannot be read.
 * @throws {EncryptionKeyUnusable}
 */
export async function createProtocol(options: ProtocolOptions): Promise<Protocol> {
  const { profile, settings, signingKeys } = options;
  const { initialAccessToken: reference } = settings.registration;
  const initialAccessToken = reference && (await readSecret(reference));
  const contentKeys = createContentKeys(options.sealer);
  const tokenEncryption = await openTokenEncryption({ ...options, contentKeys });
  const closing = new AbortController();
  const parts = createParts({
    ...options,
    initialAccessToken,
    contentKeys,
    tokenEncryption,
    signal: closing.signal,
  });
  let generation = createGeneration(signingKeys.current(), parts.generation);
  const endChanges = signingKeys.onChange((keySet) => {
    generation = createGeneration(keySet, parts.generation);
  });
  const { endpoints } = parts.generation;
  const document: Protocol['document'] = (path) => generation.document(path);
  const front = createFront({ endpoints, document });
  const lanes = createLanes({
    ...options,
    ...parts.generation,
    admission: parts.admission,
    provider: () => generation.provider,
  });

  const handle: Protocol['handle'] = async (request, response, origin, tls) => {
    parts.generation.scopes.open(request, origin, tls);
    if (options.dialect !== undefined) await readJsonAsForm(request);
    else if (await lanes.answer(request, response)) return;
    if (!(await front.admit(request, response))) await generation.handle(request, response);
  };

  const around = { ...options, ...parts, provider: () => generation.provider };
  return {
    minting: options.isDev ? createMinting({ ...around, ...parts.generation }) : undefined,
    interactions: createInteractions(around),
    codes: createCodes({ ...around, ...parts.generation }),
    document,
    handle,
    sessions: createBrowserSessions({ ...around, cookies: parts.generation.cookies }),
    backchannelRequests: createWaitingRequests({
      ...around,
      ping: createPing({ ...options, signal: closing.signal }),
    }),
    connectedClients: createConnectedClients({ ...parts, ...options }),
    isForPrograms: (path) => endpoints.isForPrograms(path),
    owns: (path) => document(path) !== undefined || endpoints.enginePath(path) !== undefined,
    async close() {
      endChanges();
      closing.abort(new Error(`the protocol of ${profile.issuer} was closed`));
    },
  };
}
