import type { AdapterFactory } from 'oidc-provider';
import { Provider } from 'oidc-provider';
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import type { Subjects } from '../subjects/subjects.ts';
import type { ProtocolSettings } from './config.ts';
import type { ContentKeys } from './content-keys.ts';
import type { Dialect } from './dialect.ts';
import type { EngineClients } from './engine-clients.ts';
import type { ProtocolMetrics } from './metrics.ts';
import { createInitialAccessTokens } from './registration.ts';
import type { RequestScopes } from './request-scope.ts';
import type { Endpoints } from './routes.ts';
import { createDeviceAudit } from './device-audit.ts';
import { createAccessTokens } from './store/access-tokens.ts';
import { toAdapter, UNUSED_MODEL, type ModelStore } from './store/adapter.ts';
import { BACKCHANNEL_REQUEST, createBackchannelStore } from './store/backchannel-store.ts';
import { createAnswered } from './store/answered.ts';
import { createDeviceCodes } from './store/device-codes.ts';
import { createGrants, type Grants } from './store/grants.ts';
import { createInteractionRecords, type InteractionRecords } from './store/interaction-records.ts';
import { createOpaqueTokens } from './store/opaque-tokens.ts';
import { text, toJson, toOwnPayload } from './store/payloads.ts';
import {
  createRedeemables,
  type RedeemableOptions,
  type Redeemables,
} from './store/redeemables.ts';
import { tellKeptOut } from './kept-out.ts';
import { createRefreshTokens, type RefreshTokens } from './store/refresh-tokens.ts';
import { createReplays } from './store/replays.ts';
import type { RequestState } from './store/request-state.ts';
import { createRevocable } from './store/revocable.ts';
import { createSessions, type Sessions } from './store/sessions.ts';
import { ALWAYS_VALID, createValidity } from './store/validity.ts';

/** Everything the engine keeps, by model. */
export interface Stores {
  readonly adapter: AdapterFactory;
  readonly grants: Grants;
  readonly sessions: Sessions;
  readonly interactions: InteractionRecords;
  readonly refreshTokens: RefreshTokens;
  readonly codes: Redeemables;
}

/** What the stores work with. */
export interface StoresOptions {
  readonly state: RequestState;
  readonly scopes: RequestScopes;
  readonly settings: ProtocolSettings;
  readonly endpoints: Endpoints;
  readonly engineClients: EngineClients;
  readonly signingKeys: SigningKeys;
  readonly revocation: Revocation;
  readonly subjects: Subjects;
  readonly contentKeys: ContentKeys;
  readonly sealer: Pick<Sealer, 'keysFor' | 'seal'>;
  /** Told in encrypted tokens alone. */
  readonly withheldClaims: ReadonlySet<string>;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ProtocolMetrics | undefined;
  readonly initialAccessToken: string | undefined;
  readonly signal: AbortSignal;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly dialect?: Dialect | undefined;
}

/** The stores of one issuer. */
export function createStores(options: StoresOptions): Stores {
  const { state, scopes, settings, clock, endpoints } = options;
  const grants = createGrants({ ...options, longestSeconds: settings.tokens.grant });
  const sessions = createSessions({ ...options, longestSeconds: settings.sessions.absolute });
  const interactions = createInteractionRecords({ state, endpoints, clock });
  const keys = {
    grantKey: grants.key,
    sessionKey: sessions.key,
    isAtRevocation: isAt(scopes, 'revocation'),
  };
  const validity = createValidity({ ...options, ...keys });
  const once = { ...options, validity, answered: createAnswered(options), onReuse: endGrant };
  const tokens = { ...options, ...keys, validity, isAtUserinfo: isAt(scopes, 'userinfo') };
  const refreshTokens = createRefreshTokens({
    ...once,
    windowSeconds: settings.tokens.refreshRetryWindow,
    onTakenBack: (payload) => tellKeptOut(payload, options),
    isAtTokenEndpoint: isAt(scopes, 'token'),
  });

  async function endGrant(grantId: string, payload: JsonObject): Promise<void> {
    options.metrics?.onEvent?.({ kind: 'reuse' });
    await grants.end(grantId, 'reuse');
    await options.audit.record({
      type: 'token.reused',
      origin: scopes.current().origin,
      accountId: text(payload, 'accountId'),
      clientId: text(payload, 'clientId'),
      grantId,
    });
  }

  const codes = createRedeemables('AuthorizationCode', once);
  const opaque = (kind: string): ModelStore => createOpaqueTokens(kind, { ...options, validity });
  const models: Models = {
    Session: sessions,
    Interaction: interactions,
    Grant: toGrantStore(grants),
    RefreshToken: refreshTokens,
    AuthorizationCode: codes,
    AccessToken: createAccessTokens('AccessToken', opaque('AccessToken'), tokens),
    ClientCredentials: createAccessTokens('ClientCredentials', opaque('ClientCredentials'), tokens),
    ...elsewhereModels(options, once),
    ...clientModels(options, once),
  };
  return {
    adapter: (model) => toAdapter(createRevocable(models[model] ?? UNUSED_MODEL, tokens)),
    grants,
    sessions,
    interactions,
    refreshTokens,
    codes,
  };
}

/** By the engine's names. */
type Models = Readonly<Record<string, ModelStore>>;

/** What people answer at another place than where it is asked. */
function elsewhereModels(options: StoresOptions, once: RedeemableOptions): Models {
  const { scopes, settings } = options;
  const { deviceFlow, ciba } = settings.protocol;
  const isAtTokenEndpoint = isAt(scopes, 'token');
  return {
    DeviceCode: createDeviceCodes({
      ...once,
      ...createDeviceAudit(options),
      sealer: options.sealer,
      intervalSeconds: deviceFlow.interval,
      isAtTokenEndpoint,
      addressOf: () => scopes.current().origin.address,
    }),
    [BACKCHANNEL_REQUEST]: createBackchannelStore({
      ...once,
      sealer: options.sealer,
      intervalSeconds: ciba.interval,
      isAtTokenEndpoint,
    }),
  };
}

/** What says nothing of a person, and whose user proves a client that must be there. */
function clientModels(options: StoresOptions, once: RedeemableOptions): Models {
  const { state, clock, engineClients, initialAccessToken } = options;
  const own = { ...options, validity: ALWAYS_VALID };
  const initial = createOpaqueTokens('InitialAccessToken', own);
  return {
    Client: engineClients.store,
    PushedAuthorizationRequest: createRedeemables('PushedAuthorizationRequest', {
      ...once,
      validity: ALWAYS_VALID,
    }),
    RegistrationAccessToken: createOpaqueTokens('RegistrationAccessToken', own),
    InitialAccessToken: createInitialAccessTokens(initial, initialAccessToken, clock.now),
    ReplayDetection: createReplays(state, clock),
  };
}

/** Whether a request is at an endpoint, inside the engine or past it. */
function isAt(scopes: RequestScopes, route: string): () => boolean {
  return () => (Provider.ctx?.oidc.route ?? scopes.current().route) === route;
}

function toGrantStore(grants: Grants): ModelStore {
  return {
    upsert: (id, payload) => grants.save(id, toJson(payload)),
    async find(id) {
      const found = await grants.find(id);
      return found && toOwnPayload(found, id);
    },
    destroy: (id) => grants.end(id, reasonOf(Provider.ctx?.oidc.route)),
  };
}

/** Why the engine ends a grant, by the endpoint where it does. */
function reasonOf(route: string | undefined): string {
  if (route === 'end_session_confirm') return 'sign_out';
  return route === 'revocation' ? 'client_request' : 'reuse';
}
