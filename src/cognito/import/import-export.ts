import { InvalidGroup, type Groups } from '../../groups/groups.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Sealer } from '../../runtime/sealing.ts';
import type { Records } from '../../storage/records.ts';
import type { CognitoConfig } from '../config.ts';
import type { LongestLives } from '../pool-input.ts';
import type { Pool } from '../pool.ts';
import { createPoolGroups } from '../pool-groups.ts';
import { createPools } from '../pools.ts';
import { createStoredClients } from '../stored-clients.ts';
import { createStoredPools } from '../stored-pools.ts';
import { createUsers } from '../users.ts';
import { ExportUnclear, type Exported, type ExportedGroup } from './exported.ts';
import { importClient, importPool, type PoolRooms } from './import-pool.ts';
import { importUser, type Carrying } from './import-user.ts';
import { createCounting, type ImportReport, type Refusal } from './report.ts';

/** What an export is carried into. */
export interface ImportHouse {
  readonly accounts: Accounts;
  readonly groups: Groups;
  readonly records: Records;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly isDev: boolean;
  readonly sms: PoolRooms['sms'];
  readonly settings: { readonly cognito: CognitoConfig; readonly revocation: LongestLives };
}

/** How it is carried. */
export interface ImportOptions {
  /** Of an export that has no pool in it: the one that is there. */
  readonly poolId: string | undefined;
  readonly isDryRun: boolean;
  onRefused(refusal: Refusal): void;
}

/**
 * Makes a pool, its clients, groups and users of what `aws cognito-idp` told of them; ids stay, and what is there is left alone: a run that
 * was cut short goes on when it is started again.
 *
 * @throws {ExportUnclear} when there is no telling which pool it is about, or the pool cannot be made.
 */
export async function importExport(
  exported: Exported,
  house: ImportHouse,
  { poolId, isDryRun, onRefused }: ImportOptions,
): Promise<ImportReport> {
  const counting = createCounting(onRefused);
  const rooms = roomsOf(house);
  const pool = await poolOf(exported, poolId, rooms, { counting, isDryRun });
  const carrying = { pool, counting, isDryRun };
  for (const client of exported.clients) await importClient(client, rooms, carrying);
  for (const group of groupsOf(exported)) await importGroup(group, house, carrying);
  const held = groupsByUser(exported);
  const userRooms = { ...house, users: createUsers(house) };
  for (const user of exported.users)
    await importUser({ ...user, groups: held.get(user.Username) ?? [] }, userRooms, carrying);
  return counting.report(pool.id);
}

function roomsOf(house: ImportHouse): PoolRooms {
  const storedPools = createStoredPools(house);
  const storedClients = createStoredClients(house);
  const { cognito, revocation } = house.settings;
  const pools = createPools(cognito, storedPools, storedClients);
  return {
    pools,
    storedPools,
    storedClients,
    lives: revocation,
    isDev: house.isDev,
    sms: house.sms,
  };
}

async function poolOf(
  { pool: given }: Exported,
  poolId: string | undefined,
  rooms: PoolRooms,
  carrying: Omit<Carrying, 'pool'>,
): Promise<Pool> {
  if (given !== undefined) return await importPool(given, rooms, carrying);
  const known = poolId === undefined ? undefined : await rooms.pools.find(poolId);
  if (known !== undefined) return known;
  throw new ExportUnclear(
    poolId === undefined
      ? 'there is no pool in it: add what describe-user-pool gives, or name one that is here by --pool'
      : `there is no pool ${poolId} here`,
  );
}

/** Groups are those of the installation: one of that name is this one. */
async function importGroup(
  given: ExportedGroup,
  house: ImportHouse,
  { pool, counting, isDryRun }: Carrying,
): Promise<void> {
  const { GroupName: name, Description: description, Precedence: precedence, RoleArn } = given;
  const { groups } = house;
  if ((await groups.find(name)) !== undefined) return counting.count('groups', 'present');
  try {
    const actor = { by: 'import', origin: { address: 'cli' } };
    const said = { description, precedence, roleArn: RoleArn };
    if (!isDryRun) {
      await groups.create({ name, description }, actor);
      await createPoolGroups(house).put(pool.id, name, said);
    }
    counting.count('groups', 'made');
  } catch (error) {
    if (!(error instanceof InvalidGroup)) throw error;
    counting.refuse('groups', name, error.message);
  }
}

/** Those that were listed, and those whose people were. */
function groupsOf({ groups, members }: Exported): readonly ExportedGroup[] {
  const listed = new Set(groups.map(({ GroupName }) => GroupName));
  const others = [...members.keys()].filter((name) => !listed.has(name));
  return [...groups, ...others.map((GroupName) => ({ GroupName }))];
}

function groupsByUser({ members }: Exported): ReadonlyMap<string, readonly string[]> {
  const held = new Map<string, string[]>();
  for (const [group, names] of members)
    for (const name of names) held.set(name, [...(held.get(name) ?? []), group]);
  return held;
}
