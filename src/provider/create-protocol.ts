import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider from 'oidc-provider';
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Clients, ResourceServers } from '../clients/clients.ts';
import { readSecret } from '../config/secrets.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { randomId } from '../runtime/random.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import { createAccountClaims } from './account-claims.ts';
import type { ProtocolSettings } from './config.ts';
import { createConsents } from './consent-queries.ts';
import type { IssuerProfile, Protocol, ProtocolPages } from './contract.ts';
import { cookieNames } from './cookies.ts';
import { createEngineClients } from './engine-clients.ts';
import { ENGINE_SCOPES } from './engine-configuration.ts';
import { createFront } from './front.ts';
import { createGeneration, type GenerationOptions } from './generation.ts';
import { createInteractions } from './interactions.ts';
import { createTokenPolicy } from './introspection-policy.ts';
import { createLifetimes } from './lifetimes.ts';
import { createLogoutPages } from './logout.ts';
import type { ProtocolMetrics } from './metrics.ts';
import { createOuterMiddleware } from './middleware.ts';
import { createRegistrationLimits } from './registration.ts';
import { createRequestScopes, type RequestScopes } from './request-scope.ts';
import { createResources } from './resources.ts';
import { createEndpoints } from './routes.ts';
import { createRequestState } from './store/request-state.ts';
import { createStores, type StoresOptions } from './stores.ts';

/** All that one issuer's protocol is made of. */
export interface ProtocolOptions {
  readonly profile: IssuerProfile;
  readonly settings: ProtocolSettings;
  readonly state: State;
  readonly records: Records;
  readonly accounts: Accounts;
  readonly clients: Clients;
  readonly resourceServers: ResourceServers;
  readonly signingKeys: SigningKeys;
  readonly revocation: Revocation;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pages: ProtocolPages;
  /** For URLs that clients chose: back-channel logout, key sets. */
  readonly outboundFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Cookies are signed with the first; those signed with another are still taken. */
  readonly cookieKeys: readonly string[];
  readonly metrics?: ProtocolMetrics | undefined;
}

/**
 * The protocol of one issuer: OpenID Connect and OAuth over the rooms given. New signing keys mean a new
 * generation of the engine over the same stores; requests under way end in the one they began in.
 *
 * @throws {SecretUnavailable} when the initial access token of the settings cannot be read.
 */
export async function createProtocol(options: ProtocolOptions): Promise<Protocol> {
  const { profile, settings, signingKeys } = options;
  const { initialAccessToken: reference } = settings.registration;
  const initialAccessToken = reference && (await readSecret(reference));
  const closing = new AbortController();
  const scopes = createRequestScopes({ clock: options.clock, node: randomId() });
  const shared = assemble({ ...options, initialAccessToken }, scopes, closing.signal);
  let generation = createGeneration(signingKeys.current(), shared.generation);
  const endChanges = signingKeys.onChange((keySet) => {
    generation = createGeneration(keySet, shared.generation);
  });
  const front = createFront({
    endpoints: shared.generation.endpoints,
    document: (path) => generation.document(path),
  });

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    origin: RequestOrigin,
  ): Promise<void> {
    scopes.open(request, origin);
    if (!(await front.admit(request, response))) await generation.handle(request, response);
  }

  return {
    interactions: createInteractions({
      ...options,
      ...shared,
      provider: () => generation.provider,
    }),
    document: (path) => generation.document(path),
    handle,
    owns: (path) =>
      generation.document(path) !== undefined ||
      shared.generation.endpoints.enginePath(path) !== undefined,
    async close() {
      endChanges();
      closing.abort(new Error(`the protocol of ${profile.issuer} was closed`));
    },
  };
}

type AssemblyOptions = ProtocolOptions & { readonly initialAccessToken: string | undefined };
type RequestOrigin = Parameters<Protocol['handle']>[2];
type Shared = Omit<Parameters<typeof createInteractions>[0], 'provider' | 'audit' | 'clock'> & {
  readonly generation: GenerationOptions;
};

/** Joins the parts; nothing here decides anything. */
function assemble(options: AssemblyOptions, scopes: RequestScopes, signal: AbortSignal): Shared {
  const { profile, settings, state: sharedState, resourceServers, pages, metrics } = options;
  const endpoints = createEndpoints(profile, settings.registration.mode !== 'off');
  const state = createRequestState({ state: sharedState, namespace: profile.namespace, scopes });
  const engineScopes = new Set([
    ...ENGINE_SCOPES,
    ...settings.claims.custom.flatMap((claim) => claim.scopes),
  ]);
  const engineClients = createEngineClients({
    ...options,
    scopes,
    engineScopes,
    requirePkce: settings.registration.requirePkce,
  });
  const { ownerOf } = engineClients;
  const accountClaims = createAccountClaims({
    ...options,
    settings: settings.claims,
    scopes,
    currentClient: () => Provider.ctx?.oidc.client,
    ownerOf,
  });
  const resources = createResources({
    resourceServers,
    ownerOf,
    format: settings.tokens.accessTokenFormat,
  });
  const lifetimes = createLifetimes({ ...options, policyOf: (client) => ownerOf(client)?.policy });
  const consents = createConsents(options);
  const cookies = cookieNames(profile);
  const storesOptions: StoresOptions = {
    ...options,
    state,
    scopes,
    endpoints,
    engineClients,
    signal,
    metrics,
  };
  const stores = createStores(storesOptions);
  const outer = createOuterMiddleware({
    ...options,
    scopes,
    metrics,
    sessionCookie: cookies.session,
    limits: createRegistrationLimits({ settings: settings.registration, state }),
  });
  const { grants, interactions: records } = stores;
  const generation: GenerationOptions = {
    ...options,
    settings: settings.tokens,
    profileSettings: settings,
    endpoints,
    cookies,
    accountClaims,
    engineClients,
    existingGrant: { ...options, grants, consents, engineClients, lifetimes },
    lifetimes,
    logoutPages: createLogoutPages({ pages, engineClients }),
    metrics,
    outer,
    resources,
    scopes,
    stores,
    tokenPolicy: createTokenPolicy({ engineClients, accountClaims }),
  };
  return { records, grants, consents, engineClients, resources, engineScopes, generation };
}
