import type { House } from '../../capability.ts';
import type { Clients } from '../../clients/clients.ts';
import type { AdvisedPerson, AdviceSought } from '../../provider/advice.ts';
import type { Json, JsonObject } from '../../runtime/json.ts';
import { DATABASE } from '../authentication/names.ts';
import { metadataOfClient } from '../applications/applications.ts';
import type { TenantConfig } from '../config.ts';
import { usersOf } from '../management/user-view.ts';
import type { TenantOrganizations } from '../organizations/tenant-organizations.ts';
import type { UserMetadata } from '../user-metadata.ts';

/** What an event is made of. */
export interface EventRoom extends Pick<House, 'accounts' | 'groups' | 'records'> {
  readonly tenant: TenantConfig;
  /** Those of the tenant. */
  readonly clients: Clients;
  readonly metadata: UserMetadata;
  readonly organizations: Pick<TenantOrganizations, 'get'>;
  /** Of the actions, in clear. */
  readonly secrets: Readonly<Record<string, string>>;
}

const SECOND_MS = 1000;
const PROTOCOLS: ReadonlyMap<unknown, string> = new Map([
  ['refresh_token', 'oauth2-refresh-token'],
  ['urn:ietf:params:oauth:grant-type:device_code', 'oauth2-device-code'],
  ['code', 'oidc-basic-profile'],
  ['id_token', 'oidc-implicit-profile'],
  ['code id_token', 'oidc-hybrid-profile'],
]);

/** The first argument of an action, by Auth0's names. */
export async function eventFor(sought: AdviceSought, room: EventRoom): Promise<JsonObject> {
  const { person } = sought;
  const [common, own] = await Promise.all([
    commonEvent(sought, room),
    person === undefined ? {} : personEvent(person, sought, room),
  ]);
  return { ...common, ...own };
}

async function commonEvent(
  { clientId, api, scopes, method, parameters, origin }: AdviceSought,
  { tenant, clients, secrets }: EventRoom,
): Promise<JsonObject> {
  const client = await clients.find(clientId);
  const [query, body] = method === 'GET' ? [parameters, {}] : [{}, parameters];
  return {
    client: {
      client_id: clientId,
      name: client?.metadata['client_name'] ?? clientId,
      metadata: client === undefined ? {} : metadataOfClient(client),
    },
    request: {
      ip: origin.address,
      hostname: new URL(tenant.issuer).host,
      method,
      user_agent: origin.userAgent ?? '',
      geoip: {},
      query,
      body,
    },
    ...(api !== undefined && { resource_server: { identifier: api } }),
    tenant: { id: tenant.name },
    transaction: { requested_scopes: [...scopes] },
    secrets: { ...secrets },
  };
}

async function personEvent(
  person: AdvisedPerson,
  sought: AdviceSought,
  room: EventRoom,
): Promise<JsonObject> {
  const { accountId, sessionUid, amr, authTime } = person;
  const [user, organization, { roles }] = await Promise.all([
    userOf(accountId, room),
    organizationOf(person, room),
    room.groups.rightsOf(accountId, { api: sought.api, organization: person.organization }),
  ]);
  const at: JsonObject = authTime === undefined ? {} : { timestamp: instant(authTime) };
  return {
    user,
    authentication: { methods: amr.map((name) => ({ name, ...at })) },
    authorization: { roles: [...roles] },
    ...organization,
    connection: { id: DATABASE, name: DATABASE, strategy: 'auth0', metadata: {} },
    ...(sessionUid !== undefined && { session: { id: sessionUid } }),
    stats: { logins_count: user['logins_count'] ?? 0 },
    transaction: transactionOf(sought),
  };
}

async function userOf(accountId: string, { accounts, ...room }: EventRoom): Promise<JsonObject> {
  const account = await accounts.find(accountId);
  const [user = {}] = account === undefined ? [] : await usersOf([account], room);
  return user;
}

async function organizationOf(
  { organization: id }: AdvisedPerson,
  { organizations }: EventRoom,
): Promise<JsonObject> {
  const found = id === undefined ? undefined : await organizations.get(id);
  if (found === undefined) return {};
  const { name, displayName, metadata } = found;
  return { organization: { id: found.id, name, display_name: displayName, metadata } };
}

function transactionOf({ parameters, scopes }: AdviceSought): JsonObject {
  const words = (name: string): readonly string[] => {
    const value = parameters[name];
    return typeof value === 'string' ? value.split(' ').filter(Boolean) : [];
  };
  const given = (names: readonly string[]): JsonObject =>
    Object.fromEntries(
      names.flatMap((name): readonly (readonly [string, Json])[] => {
        const value = parameters[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
  const kind = parameters['grant_type'] ?? parameters['response_type'];
  return {
    protocol: PROTOCOLS.get(kind) ?? 'oauth2-password',
    requested_scopes: [...scopes],
    acr_values: [...words('acr_values')],
    ui_locales: [...words('ui_locales')],
    prompt: [...words('prompt')],
    ...given(['login_hint', 'redirect_uri', 'response_mode', 'response_type', 'state']),
  };
}

function instant(seconds: number): string {
  return new Date(seconds * SECOND_MS).toISOString();
}
