import type { Holder, Member, RoleKey } from '../../groups/groups.ts';
import type { Actor } from '../../runtime/origin.ts';
import type { ManagementRoom } from './room.ts';
import { listRoles, type TenantRole } from './tenant-roles.ts';

type Rooms = Pick<ManagementRoom, 'groups' | 'resourceServers'>;

/**
 * Gives a role with all its parts. The first part is written before the others are read, and `addPart` does it the other
 * way round: of two that go on at once, one sees the other's work.
 */
export async function giveRole(
  role: TenantRole,
  holder: Holder | Member,
  actor: Actor,
  rooms: Rooms,
): Promise<void> {
  await changeParts(role, rooms, (part) => rooms.groups.roles.give(part, holder, actor));
}

/** Takes a role with all its parts. What comes by a group stays: it is the group's. */
export async function takeRole(
  role: TenantRole,
  holder: Holder | Member,
  actor: Actor,
  rooms: Rooms,
): Promise<void> {
  await changeParts(role, rooms, (part) => rooms.groups.roles.take(part, holder, actor));
}

async function changeParts(
  role: TenantRole,
  rooms: Rooms,
  change: (part: RoleKey) => Promise<unknown>,
): Promise<void> {
  const [first] = role.parts;
  if (first === undefined) return;
  await change(first);
  const now = (await listRoles(rooms)).find(({ id }) => id === role.id);
  for (const part of now?.parts ?? []) if (part.api !== first.api) await change(part);
}

/** Makes the part of a role at one more API, for all that hold the role. */
export async function addPart(
  role: TenantRole,
  { api, permissions }: { readonly api: string; readonly permissions: readonly string[] },
  actor: Actor,
  { groups: { roles } }: Rooms,
): Promise<void> {
  const part = { api, name: role.name };
  await roles.create({ ...part, permissions }, actor);
  const [first] = role.parts;
  if (first === undefined) return;
  for (const holder of await holdersOf(first, roles)) await roles.give(part, holder, actor);
  // Whoever lost the role while this went on must not keep it by what was just given.
  const still = new Set((await holdersOf(first, roles)).map(keyOf));
  for (const holder of await holdersOf(part, roles))
    if (!still.has(keyOf(holder))) await roles.take(part, holder, actor);
}

async function holdersOf(
  key: RoleKey,
  roles: Rooms['groups']['roles'],
): Promise<readonly (Holder | Member)[]> {
  const { people = [], groups = [], members = [] } = (await roles.find(key)) ?? {};
  return [
    ...members,
    ...people.map((id) => ({ kind: 'account', id }) as const),
    ...groups.map((name) => ({ kind: 'group', name }) as const),
  ];
}

function keyOf(holder: Holder | Member): string {
  switch (holder.kind) {
    case 'account':
      return `account ${holder.id}`;
    case 'member':
      return `member ${holder.id} ${holder.organization}`;
    case 'group':
      return `group ${holder.name}`;
  }
}
