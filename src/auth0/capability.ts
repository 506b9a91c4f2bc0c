import type { Added, Capability, FurtherIssuer, House } from '../capability.ts';
import type { Site } from '../http/site.ts';
import type { ConnectedClients } from '../provider/contract.ts';
import { openActions, type Actions } from './actions/open-actions.ts';
import { createAuthenticationApi } from './authentication/authentication-api.ts';
import { apisOf, knowingApis } from './apis.ts';
import { createApplications } from './applications/applications.ts';
import { createMadeApis } from './applications/made-apis.ts';
import { clientsOf } from './clients.ts';
import { connectedClientsOf } from './connected-clients.ts';
import { createConnection } from './connection/connection.ts';
import { auth0Config, type Auth0Config, type TenantConfig } from './config.ts';
import { createAuth0Dialect } from './dialect.ts';
import { createEmailConfirmation } from './email-confirmation.ts';
import { createLogoutRoutes } from './logout.ts';
import { createManagement, MANAGEMENT_BODIES } from './management/management.ts';
import type { ManagementRoom } from './management/room.ts';
import { createOrganizations } from './organizations/create-organizations.ts';
import { profileOf } from './profiles.ts';
import { createUserMetadata } from './user-metadata.ts';
import { takingTokensFromQueries } from './userinfo.ts';

/** Tenants that applications take for Auth0's. */
export const auth0: Capability<'auth0', Auth0Config> = {
  name: 'auth0',
  config: auth0Config,
  async create(settings, house): Promise<Added | undefined> {
    const { tenants } = settings;
    if (tenants.length === 0) return undefined;
    const all = await Promise.all(
      tenants.map((tenant, index) => siteOf({ tenant, index, limits: settings }, house)),
    );
    return {
      sites: all.map(({ site }) => site),
      connectedClients: all.map(({ connectedClients }) => connectedClients),
      close() {
        for (const { actions } of all) actions?.close();
      },
    };
  },
};

/** Parts of the protocol that every tenant has, or has not. */
const FEATURES: FurtherIssuer['features'] = {
  deviceFlow: { enabled: true },
  // A proof names the URL of the endpoint, and the engine knows that by our path alone.
  dpop: { enabled: false },
  idTokenResponses: { enabled: true },
  pairwiseSubjects: { enabled: true },
  webMessages: { enabled: true },
};

/** How its door differs from the installation's. */
const DOOR: Pick<Site, 'arePopups' | 'largerBodies'> = {
  arePopups: true,
  largerBodies: MANAGEMENT_BODIES,
};

interface TenantSite {
  readonly site: Site;
  readonly connectedClients: ConnectedClients;
  readonly actions: Actions | undefined;
}

async function siteOf(
  {
    tenant,
    index,
    limits,
  }: {
    readonly tenant: TenantConfig;
    readonly index: number;
    readonly limits: Pick<Auth0Config, 'perAddress' | 'overall'>;
  },
  house: House,
): Promise<TenantSite> {
  const { issuer, listen, tls, hosts, allowedLogoutUrls } = tenant;
  const profile = profileOf(tenant);
  const clients = clientsOf(tenant, house.clients);
  const made = madeBy({ tenant, clients }, house);
  const { resourceServers } = made;
  const own = ownParts({ tenant, clients }, house);
  const { connection, emailConfirmation, metadata } = own;
  const organizations = createOrganizations({ ...house, tenant, clients, resourceServers });
  const actions = await openActions({ ...house, tenant, clients, metadata, organizations });
  const authentication = createAuthenticationApi(house, { ...own, limits });
  const { protocol, routers } = await house.openIssuer({
    profile,
    dialect: createAuth0Dialect(tenant, resourceServers, connection),
    ...rulesOf(connection),
    adviser: actions?.advise,
    clients,
    resourceServers,
    grants: authentication.grants,
    ways: 'ours',
    organizations,
    refreshRetryWindow: tenant.refreshLeeway,
    features: FEATURES,
  });
  const site: Site = {
    name: profile.namespace,
    setting: `auth0.tenants[${index}].listen`,
    issuer,
    listen,
    tls,
    hosts,
    ...DOOR,
    routers: [
      ...routers,
      authentication.router,
      emailConfirmation.router,
      createLogoutRoutes({ clients, sessions: protocol.sessions, allowedLogoutUrls }),
      createManagement({
        ...house,
        ...own,
        ...made,
        organizations,
        catchUp: house.resourceServers.catchUp,
      }),
    ],
    protocol: knowingApis(takingTokensFromQueries(protocol), house.resourceServers),
  };
  return { site, connectedClients: connectedClientsOf(tenant, protocol.connectedClients), actions };
}

type OwnPart = 'tenant' | 'clients' | 'connection' | 'emailConfirmation' | 'metadata';

/** What both APIs of a tenant share. */
function ownParts(
  { tenant, clients }: Pick<ManagementRoom, 'tenant' | 'clients'>,
  house: House,
): Pick<ManagementRoom, OwnPart> {
  return {
    tenant,
    clients,
    connection: createConnection({ ...house, tenant }),
    emailConfirmation: createEmailConfirmation(house, tenant),
    metadata: createUserMetadata(house),
  };
}

/** Who may sign in, and join, at its pages. */
function rulesOf({
  isEnabledFor,
  isOpenFor,
}: ManagementRoom['connection']): Pick<FurtherIssuer, 'admits' | 'isOpenFor'> {
  return { isOpenFor, admits: ({ clientId }) => isEnabledFor(clientId) };
}

/** What the Management API of a tenant makes, beside what is declared. */
function madeBy(
  { tenant, clients }: Pick<ManagementRoom, 'tenant' | 'clients'>,
  house: House,
): Pick<ManagementRoom, 'applications' | 'madeApis' | 'resourceServers'> {
  const { longestRecord, longestToken } = house.lives;
  const tenantServers = apisOf(tenant, house.resourceServers);
  const applications = createApplications({ clients, tenant, longestRecord });
  const own = { tenant, clients, applications, tenantServers };
  return {
    applications,
    resourceServers: tenantServers,
    madeApis: createMadeApis({ ...house, ...own, longestToken }),
  };
}
