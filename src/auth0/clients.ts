import type { Clients } from '../clients/clients.ts';
import { clientsConfig, type DeclaredClient } from '../clients/config.ts';
import { servedClients } from '../clients/served-clients.ts';
import type { Auth0Config, TenantClientConfig, TenantConfig } from './config.ts';
import { managementAudience } from './management/api.ts';
import { profileOf } from './profiles.ts';
import { SECTOR_URI } from './subjects.ts';

/** What kinds of clients their applications are. */
export const CLIENT_TYPES = {
  spa: 'spa',
  regular_web: 'web',
  native: 'native',
  non_interactive: 'machine',
} as const;

/**
 * The applications of all tenants as clients of the installation: their own people are not asked for consent, and
 * claims are in the ID token, as at Auth0. A confidential one need not use PKCE: libraries of Auth0's do not all send it.
 */
export function tenantClients({ tenants }: Auth0Config): readonly DeclaredClient[] {
  return clientsConfig.parse(
    tenants.flatMap((tenant) => tenant.clients.map((client) => declared(client, tenant))),
  );
}

/** What is wrong with the applications of `tenant`, by their own settings. */
export function tenantClientProblems(tenant: TenantConfig): readonly ClientProblem[] {
  const { error } = clientsConfig.safeParse(tenant.clients.map((one) => declared(one, tenant)));
  return (error?.issues ?? []).map(({ path: [index = 0, field = '', ...rest], message }) => ({
    path: ['clients', index, ...settingOf(String(field), rest)],
    message,
  }));
}

interface ClientProblem {
  /** Within the tenant. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** By what a client is called here, what it is called in the settings of a tenant. */
const SETTINGS: Readonly<Record<string, string>> = {
  id: 'clientId',
  name: 'name',
  type: 'appType',
  secret: 'clientSecret',
  secretInClear: 'clientSecretInClear',
  jwks: 'jwks',
  redirectUris: 'callbacks',
  postLogoutRedirectUris: 'allowedLogoutUrls',
  backchannelLogoutUri: 'backchannelLogoutUrl',
  initiateLoginUri: 'initiateLoginUrl',
  grantTypes: 'grantTypes',
  apis: 'audiences',
  apiScopes: 'managementScopes',
};

/** Empty: it is about the application as a whole. */
function settingOf(field: string, rest: readonly PropertyKey[]): readonly PropertyKey[] {
  // Those of callbacks are among them, so that the place in the list says nothing.
  if (field === 'corsOrigins') return ['webOrigins'];
  const setting = SETTINGS[field];
  return setting === undefined ? [] : [setting, ...rest];
}

/** The clients that a tenant serves: those that it declares, and those that were made by its Management API. */
export function clientsOf(tenant: TenantConfig, clients: Clients): Clients {
  const declaredIds = new Set(tenant.clients.map(({ clientId }) => clientId));
  const { namespace } = profileOf(tenant);
  return servedClients(
    clients,
    ({ id, policy }) => declaredIds.has(id) || policy.servedBy === namespace,
  );
}

function declared(client: TenantClientConfig, tenant: TenantConfig): object {
  const { callbacks, webOrigins, appType, managementScopes } = client;
  const grantTypes = grantsOf(client);
  const origins = callbacks.filter((url) => /^https?:/.test(url)).map((url) => new URL(url).origin);
  return {
    id: client.clientId,
    name: client.name,
    type: CLIENT_TYPES[appType],
    secret: client.clientSecret,
    secretInClear: client.clientSecretInClear,
    ...(client.jwks && { jwks: client.jwks, tokenEndpointAuthMethod: 'private_key_jwt' }),
    redirectUris: callbacks,
    postLogoutRedirectUris: client.allowedLogoutUrls,
    backchannelLogoutUri: client.backchannelLogoutUrl,
    backchannelLogoutSessionRequired: client.backchannelLogoutUrl !== undefined,
    initiateLoginUri: client.initiateLoginUrl,
    grantTypes,
    responseTypes: responsesOf(grantTypes),
    subjectType: 'pairwise',
    sectorIdentifierUri: SECTOR_URI,
    firstParty: true,
    requirePkce: false,
    anyLoopbackPort: appType === 'native',
    claimsInIdToken: true,
    apis: client.audiences,
    apiScopes: managementScopes && { [managementAudience(tenant)]: managementScopes },
    corsOrigins: [...new Set([...webOrigins, ...origins])],
  };
}

/** What it may ask for tokens by. */
export function grantsOf({
  appType,
  grantTypes,
}: Pick<TenantClientConfig, 'appType' | 'grantTypes'>): readonly string[] {
  if (grantTypes !== undefined) return grantTypes;
  return appType === 'non_interactive'
    ? ['client_credentials']
    : ['authorization_code', 'implicit', 'refresh_token'];
}

/** What it may ask for at /authorize. */
export function responsesOf(grantTypes: readonly string[]): readonly string[] {
  const hasCode = grantTypes.includes('authorization_code');
  const hasIdToken = grantTypes.includes('implicit');
  return [
    ...(hasCode ? ['code'] : []),
    ...(hasIdToken ? ['id_token'] : []),
    ...(hasCode && hasIdToken ? ['code id_token'] : []),
  ];
}
