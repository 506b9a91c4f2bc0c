import type { Role } from '../../groups/groups.ts';
import type { Call } from './call.ts';
import { idOfName, notFound } from './declared.ts';
import type { ManagementRoom } from './room.ts';

/**
 * A role as Auth0 has it, over several APIs: all our roles of one name, of the installation and of the tenant's APIs.
 * Whoever holds one of them is given the others, too.
 */
export interface TenantRole {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** The one that decides who holds the role comes first. */
  readonly parts: readonly Role[];
}

type Rooms = Pick<ManagementRoom, 'groups' | 'resourceServers'>;

/** By name. */
export async function listRoles({
  groups,
  resourceServers,
}: Rooms): Promise<readonly TenantRole[]> {
  const roles = (await groups.roles.list()).filter(
    ({ api }) => api === undefined || resourceServers.find(api) !== undefined,
  );
  const byName = Map.groupBy(roles, ({ name }) => name);
  return [...byName]
    .map(([name, parts]) => joined(name, parts))
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

/** The role that the `:id` of a path names. @throws {ManagementProblem} */
export async function roleOf(call: Pick<Call, 'param'>, rooms: Rooms): Promise<TenantRole> {
  const id = call.param('id');
  return (await listRoles(rooms)).find((role) => role.id === id) ?? refuse();
}

/** @throws {ManagementProblem} when one of them is not there. */
export async function rolesByIds(
  ids: readonly string[],
  rooms: Rooms,
): Promise<readonly TenantRole[]> {
  const all = new Map((await listRoles(rooms)).map((role) => [role.id, role]));
  return ids.map((id) => all.get(id) ?? refuse());
}

function refuse(): never {
  return notFound('The role does not exist.', 'inexistent_role');
}

/** As answers have it. */
export function roleView({ id, name, description }: TenantRole): object {
  return { id, name, description };
}

function joined(name: string, parts: readonly Role[]): TenantRole {
  // The one of the installation sorts first: an API's has a name.
  const sorted = parts.toSorted((one, other) => (one.api ?? '').localeCompare(other.api ?? ''));
  const description = sorted.find((one) => one.description !== undefined)?.description ?? '';
  return { id: idOfName('rol_', name), name, description, parts: sorted };
}
