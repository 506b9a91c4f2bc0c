import { Provider } from 'oidc-provider';
import { randomId } from '../runtime/random.ts';
import { createAdviceDesk } from './advice-desk.ts';
import { createAccountClaims, type AccountClaims } from './account-claims.ts';
import { createAdmission, type Admission } from './admission.ts';
import {
  createAuthorizationDetails,
  type AuthorizationDetails,
} from './authorization-details/authorization-details.ts';
import { createConsents, type Consents } from './consent-queries.ts';
import type { ContentKeys } from './content-keys.ts';
import { cookieNames } from './cookies.ts';
import type { ProtocolOptions } from './create-protocol.ts';
import { createCustomClaims, sensitiveClaims } from './custom-claims.ts';
import { createDevicePages } from './device-pages.ts';
import { createEngineClients, type EngineClients } from './engine-clients.ts';
import { ENGINE_SCOPES } from './engine-configuration.ts';
import { createDemands } from './features/demands.ts';
import { requestEncryptionAlgorithms } from './features/encrypted-requests.ts';
import type { FeatureOptions } from './features/feature.ts';
import { createFeatures } from './features/features.ts';
import type { GenerationOptions } from './generation.ts';
import { createTokenPolicy } from './introspection-policy.ts';
import { createLifetimes } from './lifetimes.ts';
import { createLogoutPages } from './logout.ts';
import { createOuterMiddleware } from './middleware.ts';
import { organizationUnderWay } from './organization-engine.ts';
import { createPermitted, type Permitted } from './permitted.ts';
import { createPrefetchNamed, type PrefetchNamed } from './prefetch.ts';
import { createRegistrationLimits } from './registration.ts';
import { createRequestScopes, type RequestScopes } from './request-scope.ts';
import { createResources, type Resources } from './resources.ts';
import { createEndpoints, urlOf } from './routes.ts';
import type { Grants } from './store/grants.ts';
import type { InteractionRecords } from './store/interaction-records.ts';
import { createRequestState, type RequestState } from './store/request-state.ts';
import { createStatusClaim } from './status-claim.ts';
import { createStores } from './stores.ts';
import type { TokenEncryption } from './token-encryption.ts';

/** What all generations share, and what stands beside them. */
export interface Parts {
  readonly admission: Admission;
  readonly generation: GenerationOptions;
  readonly records: InteractionRecords;
  readonly scopes: RequestScopes;
  readonly prefetchNamed: PrefetchNamed;
  readonly grants: Grants;
  readonly consents: Consents;
  readonly engineClients: EngineClients;
  readonly resources: Resources;
  readonly permitted: Permitted;
  readonly details: AuthorizationDetails;
  readonly engineScopes: ReadonlySet<string>;
  readonly claimNames: ReadonlySet<string>;
}

interface PartsOptions extends ProtocolOptions {
  readonly initialAccessToken: string | undefined;
  readonly contentKeys: ContentKeys;
  readonly tokenEncryption: TokenEncryption;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/** Joins the parts of one issuer's protocol; nothing here decides anything. */
export function createParts(options: PartsOptions): Parts {
  const { profile, settings, pages, metrics, dialect, adviser } = options;
  const scopes = createRequestScopes({ clock: options.clock, node: randomId() });
  const state = createRequestState({
    state: options.state,
    namespace: profile.namespace,
    scopes,
  });
  const cookies = cookieNames(profile);
  const parties = createParties(options, scopes);
  const { engineClients, accountClaims, resources } = parties;
  const features = createFeatures(
    settings.protocol,
    featureOptions(options, { scopes, state }, parties),
  );
  const hasRegistration = settings.registration.mode !== 'off';
  const endpoints = createEndpoints(profile, hasRegistration, features, dialect?.paths);
  const base = { ...options, ...parties, state, scopes, endpoints, metrics };
  const stores = createStores(base);
  const { grants, interactions: records } = stores;
  const consents = createConsents(options);
  const limits = createRegistrationLimits({ settings: settings.registration, state });
  const admission = createAdmission(base);
  const prefetchNamed = createPrefetchNamed({ cookies, records, state, scopes });
  const around = { ...base, admission, features, limits, prefetchNamed };
  const outer = createOuterMiddleware({ ...around, sessionCookie: cookies.session });
  const generation: GenerationOptions = {
    ...base,
    settings: settings.tokens,
    profileSettings: settings,
    protocolFeatures: features,
    cookies,
    advice: adviser && createAdviceDesk({ adviser, scopes }),
    existingGrant: { ...base, grants, consents },
    logoutPages: createLogoutPages({ pages, engineClients }),
    statusClaim: createStatusClaim({ ...options, resources }),
    outer,
    stores,
    tokenPolicy: createTokenPolicy({ engineClients, accountClaims }),
  };
  return {
    ...parties,
    admission,
    records,
    scopes,
    prefetchNamed,
    grants,
    consents,
    claimNames: new Set(Object.values(accountClaims.byScope).flat()),
    generation,
  };
}

function featureOptions(
  options: PartsOptions,
  { scopes, state }: { readonly scopes: RequestScopes; readonly state: RequestState },
  { accountClaims, engineClients, details }: Parties,
): FeatureOptions {
  const { profile, dialect } = options;
  const { issuer } = profile;
  const url = urlOf(profile, dialect?.paths);
  return {
    ...options,
    issuer,
    ownerOf: engineClients.ownerOf,
    profileOf: engineClients.profileOf,
    details,
    certificateOf: (request) => scopes.of(request).tls?.certificate,
    isAtAlias: (request) => scopes.of(request).tls?.isAtAlias === true,
    findAccount: accountClaims.findAccount,
    scopes,
    state,
    devicePages: createDevicePages({ pages: options.pages, engineClients, endpoints: { url } }),
    url,
  };
}

interface Parties {
  readonly details: AuthorizationDetails;
  readonly engineClients: EngineClients;
  readonly accountClaims: AccountClaims;
  readonly resources: Resources;
  readonly permitted: Permitted;
  readonly lifetimes: ReturnType<typeof createLifetimes>;
  readonly engineScopes: ReadonlySet<string>;
  readonly withheldClaims: ReadonlySet<string>;
}

/** Clients, people and APIs as the engine sees them. */
function createParties(options: PartsOptions, scopes: RequestScopes): Parties {
  const { settings, accounts, groups, resourceServers } = options;
  const custom = createCustomClaims(settings.claims);
  const engineScopes = new Set([...ENGINE_SCOPES, ...custom.byScope.keys()]);
  const { requirePkce } = settings.registration;
  const details = createAuthorizationDetails(settings.protocol.authorizationDetails.types);
  const engineClients = createEngineClients({
    ...options,
    scopes,
    engineScopes,
    requirePkce,
    detailTypes: new Set(details.types.map(({ type }) => type)),
    requestAlgorithms: new Set(requestEncryptionAlgorithms(settings.protocol.requestObjects)),
    demands: createDemands(settings.protocol),
  });
  const { ownerOf } = engineClients;
  const accountClaims = createAccountClaims({
    accounts,
    groups,
    custom,
    scopes,
    dialect: options.dialect,
    currentClient: () => Provider.ctx?.oidc.client ?? scopes.current().client,
    ownerOf,
    organizationFor: (named) => organizationUnderWay(Provider.ctx, options.organizations, named),
  });
  const resources = createResources({
    resourceServers,
    ownerOf,
    format: settings.tokens.accessTokenFormat,
  });
  return {
    details,
    engineClients,
    engineScopes,
    withheldClaims: sensitiveClaims(settings.claims, resourceServers),
    accountClaims,
    resources,
    permitted: createPermitted({ resources, accountClaims }),
    lifetimes: createLifetimes({
      ...options,
      policyOf: (client) => ownerOf(client)?.policy,
      isRotated: engineClients.isRotated,
    }),
  };
}
