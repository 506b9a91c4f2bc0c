import type { ResourceServers } from '../../clients/clients.ts';
import { InvalidGroup, type Groups, type RoleKey } from '../../groups/groups.ts';
import type { Actor } from '../../runtime/origin.ts';
import { carryUser, type UserRooms } from './carry-user.ts';
import type { Exported, ExportedRole } from './exported.ts';
import { readFileUser } from './user-file.ts';

/** What an export is carried into. */
export interface ImportRooms extends UserRooms {
  readonly groups: Pick<Groups, 'roles'>;
  readonly resourceServers: Pick<ResourceServers, 'find'>;
}

/** What became of one kind of thing. */
export interface Fates {
  /** Or in a dry run: could be. */
  readonly made: number;
  /** Left alone. */
  readonly present: number;
  readonly refused: number;
}

/** What became of an export. */
export interface ImportReport {
  readonly users: Fates;
  readonly roles: Fates;
  /** What has no place here, and of how many. */
  readonly lost: Readonly<Record<string, number>>;
}

/** Why one thing was not carried. */
export interface Refusal {
  readonly what: string;
  readonly problem: string;
}

interface Options {
  readonly isDryRun: boolean;
  onRefused(refusal: Refusal): void;
}

const IMPORT: Actor = { by: 'import', origin: { address: 'cli' } };
/** Enough to fill a transaction of the records, few enough to hold in memory. */
const AT_ONCE = 64;

/** How one export is carried. */
interface Carrying {
  readonly rooms: ImportRooms;
  readonly isDryRun: boolean;
  readonly counting: Counting;
}

/** Carries roles, then users, whose `sub` stays. A run that was cut short goes on where it ended when it is started again. */
export async function importExport(
  { users, roles, clients }: Exported,
  rooms: ImportRooms,
  { isDryRun, onRefused }: Options,
): Promise<ImportReport> {
  const counting = createCounting(onRefused);
  const carrying = { rooms, isDryRun, counting };
  if (clients > 0) counting.lose('clients', clients);
  for (const role of roles) await importRole(role, carrying);
  for (let start = 0; start < users.length; start += AT_ONCE)
    await Promise.all(
      users
        .slice(start, start + AT_ONCE)
        .map((entry, index) => importUser(entry, `user ${start + index + 1}`, carrying)),
    );
  return counting.report();
}

async function importUser(
  entry: unknown,
  what: string,
  { rooms, isDryRun, counting }: Carrying,
): Promise<void> {
  const read = readFileUser(entry);
  const fate = read.ok
    ? await carryUser(read.user, rooms, { actor: IMPORT, isDryRun })
    : read.problems;
  if (typeof fate !== 'string') {
    counting.refuse('users', what, fate.join('; '));
    return;
  }
  counting.count('users', fate === 'present' ? 'present' : 'made');
  if (read.ok && fate === 'made') for (const name of read.user.lost) counting.lose(name);
}

/** A role over several APIs is one role of each, and one of the installation. */
async function importRole(role: ExportedRole, carrying: Carrying): Promise<void> {
  const { name, description, permissions } = role;
  const { counting } = carrying;
  const byApi = Map.groupBy(permissions, (one) => one.resource_server_identifier);
  try {
    let isNew = await makePart({ api: undefined, name, description, permissions: [] }, carrying);
    for (const [api, all] of byApi) {
      const known = knownAmong(api, all, carrying);
      if (known.length === 0) continue;
      isNew = (await makePart({ api, name, permissions: known }, carrying)) || isNew;
    }
    counting.count('roles', isNew ? 'made' : 'present');
  } catch (error) {
    if (!(error instanceof InvalidGroup)) throw error;
    counting.refuse('roles', `role ${name}`, error.message);
  }
}

/** Names of permissions that the API has here. */
function knownAmong(
  api: string,
  all: ExportedRole['permissions'],
  { rooms, counting }: Carrying,
): readonly string[] {
  const server = rooms.resourceServers.find(api);
  const names = all.map(({ permission_name: one }) => one);
  const known = names.filter((one) => server?.scopes.has(one) || server?.permissions.has(one));
  if (known.length < names.length)
    counting.lose(`permissions of ${api}`, names.length - known.length);
  return known;
}

/** False: it is there. */
async function makePart(
  part: RoleKey & Pick<ExportedRole, 'description'> & { readonly permissions: readonly string[] },
  { rooms, isDryRun }: Carrying,
): Promise<boolean> {
  if ((await rooms.groups.roles.find(part)) !== undefined) return false;
  const description = part.description ?? undefined;
  if (!isDryRun) await rooms.groups.roles.create({ ...part, description }, IMPORT);
  return true;
}

interface Counting {
  count(kind: 'users' | 'roles', fate: 'made' | 'present'): void;
  refuse(kind: 'users' | 'roles', what: string, problem: string): void;
  lose(name: string, times?: number): void;
  report(): ImportReport;
}

function createCounting(onRefused: Options['onRefused']): Counting {
  const fates = {
    users: { made: 0, present: 0, refused: 0 },
    roles: { made: 0, present: 0, refused: 0 },
  };
  const lost = new Map<string, number>();
  return {
    count(kind, fate) {
      fates[kind][fate] += 1;
    },
    refuse(kind, what, problem) {
      fates[kind].refused += 1;
      onRefused({ what, problem });
    },
    lose(name, times = 1) {
      lost.set(name, (lost.get(name) ?? 0) + times);
    },
    report: () => ({
      ...fates,
      lost: Object.fromEntries([...lost].toSorted(([one], [other]) => one.localeCompare(other))),
    }),
  };
}
