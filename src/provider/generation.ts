import Provider from 'oidc-provider';
import type { Middleware } from 'koa';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { installShape } from './access-token-shape.ts';
import { installAdvice } from './advice-desk.ts';
import type { Clients, ResourceServers } from '../clients/clients.ts';
import type { Logger } from '../runtime/logger.ts';
import { isSeeded } from '../runtime/random.ts';
import type { DecryptionKey, KeySet, SigningKeys } from '../signing-keys/signing-keys.ts';
import type { StatusLists } from '../status-lists/status-lists.ts';
import { ACR } from './acr.ts';
import { installDialect } from './dialect-engine.ts';
import { createDocuments, type Announced, type Documents } from './documents.ts';
import {
  CLIENT_AUTH_ALGORITHMS,
  CLIENT_AUTH_METHODS,
  createEngineConfiguration,
  ENGINE_SCOPES,
  SHARED_SECRET_ALGORITHM,
  type EngineOptions,
} from './engine-configuration.ts';
import { installContext } from './engine-context.ts';
import { createEngineKeys, supportedKey } from './engine-keys.ts';
import { installIdentifiers } from './engine-sessions.ts';
import { installSeededIdentifiers } from './seeded-identifiers.ts';
import type { InstallOptions } from './features/feature.ts';
import { installListeners } from './listeners.ts';
import { installOrganizations } from './organization-engine.ts';
import type { ProtocolMetrics } from './metrics.ts';

/** The engine with the keys of one instant. A request ends in the generation it began in. */
export interface Generation {
  readonly provider: Provider;
  readonly document: Documents;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** What all generations of a protocol share. */
export interface GenerationOptions extends EngineOptions, InstallOptions {
  readonly signingKeys: SigningKeys;
  readonly clients: Clients;
  readonly resourceServers: ResourceServers;
  readonly logger: Logger;
  readonly metrics: ProtocolMetrics | undefined;
  readonly outer: Middleware;
  readonly statusLists?: StatusLists | undefined;
}

/** Builds the generation of `keySet`: about a millisecond. All that is hung onto the engine is hung on here. */
export function createGeneration(keySet: KeySet, options: GenerationOptions): Generation {
  const { endpoints, signingKeys, stores, outer } = options;
  const encryptionKeys = encryptionKeysOf(keySet, options);
  const keys = [...createEngineKeys(keySet, options), ...encryptionKeys.map(supportedKey)];
  const provider = new Provider(endpoints.issuer, {
    ...createEngineConfiguration(options),
    clientDefaults: { id_token_signed_response_alg: standardAlgorithm(keySet) },
    jwks: { keys },
  });
  installListeners(provider, options);
  installContext(provider, options);
  installIdentifiers(provider, stores.refreshTokens);
  if (isSeeded()) installSeededIdentifiers(provider);
  installShape(provider, options);
  if (options.dialect !== undefined) installDialect(provider);
  // First: what it says of organizations is no adviser's to change.
  if (options.organizations !== undefined) installOrganizations(provider, options.organizations);
  if (options.advice !== undefined) installAdvice(provider, options.advice);
  options.engineClients.install(provider);
  for (const feature of options.protocolFeatures) feature.install?.(provider, options);
  provider.use(outer);
  const handle = provider.callback();
  options.metrics?.onEvent?.({ kind: 'generation' });
  return {
    provider,
    document: createDocuments({
      endpoints,
      keys: [...keySet.keys, ...encryptionKeys.filter(({ phase }) => phase === 'signing')],
      signingKeys,
      announced: announce(keySet, options),
    }),
    handle: (request, response) => handle(request, response),
  };
}

/** The keys to which others encrypt to this issuer, or soon will. */
function encryptionKeysOf(
  { decrypting }: KeySet,
  { protocolFeatures }: GenerationOptions,
): readonly DecryptionKey[] {
  const algorithms = protocolFeatures.flatMap(({ decrypts }) => decrypts ?? []);
  return decrypting.filter(
    ({ algorithm, phase }) => phase !== 'verifying' && algorithms.includes(algorithm),
  );
}

/** RS256 when there is a ring of it, as the specifications have it; else whatever signs first. */
function standardAlgorithm({ keys }: KeySet): KeySet['keys'][number]['algorithm'] {
  const algorithms = keys.map(({ algorithm }) => algorithm);
  return algorithms.includes('RS256') ? 'RS256' : (algorithms[0] ?? 'RS256');
}

function announce({ keys }: KeySet, options: GenerationOptions): Announced {
  const { accountClaims, profileSettings, statusLists } = options;
  const claims = Object.values(accountClaims.byScope).flat();
  return {
    scopes: [...new Set([...ENGINE_SCOPES, ...Object.keys(accountClaims.byScope)])],
    claims: [...new Set([...claims, 'acr', 'amr', 'auth_time', 'iss', 'sid'])],
    acrValues: Object.values(ACR),
    algorithms: [...new Set(keys.map(({ algorithm }) => algorithm)), SHARED_SECRET_ALGORITHM],
    clientAuthMethods: CLIENT_AUTH_METHODS,
    clientAuthAlgorithms: CLIENT_AUTH_ALGORITHMS,
    hasRegistration: profileSettings.registration.mode !== 'off',
    prompts: [
      'none',
      'login',
      'consent',
      'select_account',
      ...(profileSettings.joining.mode === 'off' ? [] : ['create']),
    ],
    statusListAggregation: statusLists?.aggregationUri,
    features: options.protocolFeatures,
    apis: options.resourceServers.list(),
  };
}
