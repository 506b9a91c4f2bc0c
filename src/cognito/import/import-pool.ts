import { CognitoException } from '../exception.ts';
import { poolInput, readClient, readPool, type LongestLives } from '../pool-input.ts';
import type { Pool } from '../pool.ts';
import type { Pools } from '../pools.ts';
import type { StoredClients } from '../stored-clients.ts';
import type { StoredPools } from '../stored-pools.ts';
import { ExportUnclear, type ExportedClient, type ExportedPool } from './exported.ts';
import type { Counting } from './report.ts';

/** What pools and clients are made with. */
export interface PoolRooms {
  readonly pools: Pools;
  readonly storedPools: StoredPools;
  readonly storedClients: StoredClients;
  readonly lives: LongestLives;
  readonly isDev: boolean;
}

/** Lists of attributes that name `email` here and nothing else. */
const LISTS = ['AliasAttributes', 'UsernameAttributes', 'AutoVerifiedAttributes'] as const;
/** What `CreateUserPool` would refuse. */
const UNSUPPORTED = ['LambdaConfig', 'SmsConfiguration'] as const;

/**
 * The pool of an export, by its own id: made, unless it is there.
 *
 * @throws {ExportUnclear} for one that cannot be made.
 */
export async function importPool(
  given: ExportedPool,
  rooms: PoolRooms,
  { counting, isDryRun }: { readonly counting: Counting; readonly isDryRun: boolean },
): Promise<Pool> {
  const known = await rooms.pools.find(given.Id);
  if (known !== undefined) {
    counting.count('pools', 'present');
    return known;
  }
  const { supported, lost } = supportedOf(given);
  const { data, error } = poolInput.safeParse(supported);
  if (error) throw new ExportUnclear(`pool ${given.Id}: ${error.message}`);
  counting.lose(lost.map((name) => `pool: ${name}`));
  counting.count('pools', 'made');
  const settings = { name: given.Name, ...readPool(data) };
  return isDryRun
    ? rooms.storedPools.preview(given.Id, settings)
    : await rooms.storedPools.insert(given.Id, settings);
}

/** A pool without what has no meaning here, and the names of that. */
function supportedOf(given: ExportedPool): {
  readonly supported: Readonly<Record<string, unknown>>;
  readonly lost: readonly string[];
} {
  const all: Readonly<Record<string, unknown>> = { ...given, Schema: given['SchemaAttributes'] };
  const lists = LISTS.map((name) => [name, namesIn(all[name])] as const);
  const gone = UNSUPPORTED.filter((name) => Object.keys(Object(all[name])).length > 0);
  const lost = [
    ...gone,
    ...lists.flatMap(([list, names]) =>
      names.filter((name) => name !== 'email').map((name) => `${list} ${name}`),
    ),
  ];
  const kept = Object.entries(all).filter(([name]) => !gone.some((one) => one === name));
  const emails = lists.map(
    ([name, names]) => [name, names.filter((one) => one === 'email')] as const,
  );
  return { supported: { ...Object.fromEntries(kept), ...Object.fromEntries(emails) }, lost };
}

function namesIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

/** A client of an export, by its own id and with its own secret. */
export async function importClient(
  given: ExportedClient,
  rooms: PoolRooms,
  {
    counting,
    isDryRun,
    pool,
  }: {
    readonly counting: Counting;
    readonly isDryRun: boolean;
    readonly pool: Pool;
  },
): Promise<void> {
  const { ClientId: id, ClientSecret: secret, UserPoolId: poolId } = given;
  if (poolId !== pool.id) {
    counting.refuse('clients', id, `is of the pool ${poolId}`);
    return;
  }
  if (await isClient(id, rooms)) {
    counting.count('clients', 'present');
    return;
  }
  try {
    const settings = readClient(given, rooms);
    if (!isDryRun) await rooms.storedClients.insert({ id, poolId, secret, ...settings });
    counting.count('clients', 'made');
  } catch (error) {
    if (!(error instanceof CognitoException)) throw error;
    counting.refuse('clients', id, error.message);
  }
}

async function isClient(id: string, { pools }: PoolRooms): Promise<boolean> {
  try {
    await pools.client(id);
    return true;
  } catch (error) {
    if (error instanceof CognitoException) return false;
    throw error;
  }
}
