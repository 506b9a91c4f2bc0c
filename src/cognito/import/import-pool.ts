import { CognitoException } from '../exception.ts';
import type { Sms } from '../../sms/sms.ts';
import {
  ALIASES,
  NUMBERS_TOO,
  poolInput,
  readClient,
  readPool,
  type LongestLives,
} from '../pool-input.ts';
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
  readonly sms: Pick<Sms, 'isAvailable'>;
}

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
  const { supported, lost } = supportedOf(given, rooms);
  const { data, error } = poolInput.safeParse(supported);
  if (error) throw new ExportUnclear(`pool ${given.Id}: ${error.message}`);
  counting.lose(lost.map((name) => `pool: ${name}`));
  counting.count('pools', 'made');
  const settings = { name: given.Name, ...readPool(data, rooms) };
  return isDryRun
    ? rooms.storedPools.preview(given.Id, settings)
    : await rooms.storedPools.insert(given.Id, settings);
}

/** A pool without what `CreateUserPool` would refuse, and the names of that. */
function supportedOf(
  given: ExportedPool,
  { sms }: Pick<PoolRooms, 'sms'>,
): {
  readonly supported: Readonly<Record<string, unknown>>;
  readonly lost: readonly string[];
} {
  const all: Readonly<Record<string, unknown>> = { ...given, Schema: given['SchemaAttributes'] };
  const lists = {
    AliasAttributes: ALIASES,
    UsernameAttributes: NUMBERS_TOO,
    AutoVerifiedAttributes: sms.isAvailable ? NUMBERS_TOO : ALIASES,
  };
  const read = Object.entries(lists).map(([name, known]) => {
    const names = namesIn(all[name]);
    return {
      name,
      kept: names.filter((one) => known.includes(one)),
      lost: names.filter((one) => !known.includes(one)).map((one) => `${name} ${one}`),
    };
  });
  const refused = ['LambdaConfig', ...(sms.isAvailable ? [] : ['SmsConfiguration'])];
  const gone = refused.filter((name) => Object.keys(Object(all[name])).length > 0);
  const rest = Object.entries(all).filter(([name]) => !refused.includes(name));
  const kept = read.map((list) => [list.name, list.kept] as const);
  return {
    supported: Object.fromEntries([...rest, ...kept]),
    lost: [...gone, ...read.flatMap(({ lost }) => lost)],
  };
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
