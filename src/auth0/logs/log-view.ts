import type { House } from '../../capability.ts';
import type { AuditedEvent } from '../../audit/audit.ts';
import type { Client, Clients } from '../../clients/clients.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { DATABASE } from '../authentication/names.ts';
import type { TenantConfig } from '../config.ts';
import { instantOf } from '../person.ts';
import { accountIdOf, auth0Subject } from '../subjects.ts';
import { LOG_DESCRIPTIONS } from './log-descriptions.ts';
import { logIdOf } from './log-id.ts';
import { loggedEvent, logTypeOf, managerOf, type LoggedEvent } from './log-types.ts';

/** What stands in the audit for a name that is nobody's. */
const HIDDEN = 'sha256:';

/** An event as Auth0 writes logs, but for the names of people and clients; undefined: Auth0 has no such log. */
export function logOf(
  { event, ...place }: AuditedEvent,
  { issuer, name }: Pick<TenantConfig, 'issuer' | 'name'>,
): JsonObject | undefined {
  const { success, data } = loggedEvent.safeParse(event);
  const type = success ? logTypeOf(data) : undefined;
  if (data === undefined || type === undefined) return undefined;
  const id = logIdOf(place);
  return {
    _id: id,
    log_id: id,
    date: instantOf(place.at),
    type,
    description: type === 'sapi' ? data.type : LOG_DESCRIPTIONS[type],
    ...subjectsOf(data),
    ...originOf(data),
    hostname: new URL(issuer).host,
    tenant_name: name,
  };
}

function subjectsOf(event: LoggedEvent): JsonObject {
  const { accountId, login } = event;
  const clientId = managerOf(event) ?? event.clientId;
  const isOfPerson = accountId !== undefined || login !== undefined;
  return {
    ...(clientId !== undefined && { client_id: clientId }),
    ...(accountId !== undefined && { user_id: auth0Subject(accountId) }),
    ...(login !== undefined && !login.startsWith(HIDDEN) && { user_name: login }),
    ...(isOfPerson && { connection: DATABASE, strategy: 'auth0', strategy_type: 'database' }),
  };
}

function originOf({ origin: { address, userAgent } }: LoggedEvent): JsonObject {
  return {
    ip: address,
    ...(userAgent !== undefined && { user_agent: userAgent }),
    isMobile: userAgent?.includes('Mobile') === true,
  };
}

/** `logs` with the names that people and clients have now; who is gone keeps what the log says. */
export async function withNames(
  logs: readonly JsonObject[],
  { accounts, clients }: Pick<House, 'accounts'> & { readonly clients: Pick<Clients, 'find'> },
): Promise<readonly JsonObject[]> {
  const [people, applications] = await Promise.all([
    namesOf(logs, 'user_id', async (userId) => {
      const account = await accounts.find(accountIdOf(userId) ?? '');
      return account?.email ?? account?.username;
    }),
    namesOf(logs, 'client_id', async (clientId) => nameIn(await clients.find(clientId))),
  ]);
  return logs.map((log) => {
    const person = people.get(log['user_id']);
    const application = applications.get(log['client_id']);
    return {
      ...log,
      ...(person !== undefined && { user_name: person }),
      ...(application !== undefined && { client_name: application }),
    };
  });
}

/** Each is looked up once. */
async function namesOf(
  logs: readonly JsonObject[],
  field: 'client_id' | 'user_id',
  find: (id: string) => Promise<string | undefined>,
): Promise<ReadonlyMap<unknown, string>> {
  const ids = new Set(logs.map((log) => log[field]).filter((id) => typeof id === 'string'));
  const found = await Promise.all([...ids].map(async (id) => [id, await find(id)] as const));
  return new Map(found.flatMap(([id, name]) => (name === undefined ? [] : [[id, name]])));
}

function nameIn(client: Client | undefined): string | undefined {
  const name = client?.metadata['client_name'];
  return typeof name === 'string' ? name : client?.id;
}
