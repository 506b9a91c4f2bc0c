import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { StorageConfig } from './config.ts';
import type { Checkpoints } from './embedded/checkpoints.ts';
import { openEmbedded, openEmbeddedFile } from './embedded/open-embedded.ts';
import type { openPostgresRecords } from './postgres/open-postgres-records.ts';
import type { Records } from './records.ts';
import type { openRedisState } from './redis/open-redis-state.ts';
import type { State } from './state.ts';

/** The stores of one node. */
export interface Storage {
  readonly state: State;
  readonly records: Records;
  /** Closes both, after what they have begun. */
  close(): Promise<void>;
}

/** What every engine needs beside its settings. */
export interface StorageOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Stores whose whole content can be kept and brought back: those of the embedded file. */
export interface StorageWithCheckpoints extends Checkpoints, Closable {
  /** Stores over what the file holds; to be closed before anything is brought back. */
  lend(): Storage;
}

interface Closable {
  close(): Promise<void>;
}

/**
 * Opens the engines that the settings choose. The embedded file is opened once when it holds both.
 *
 * @throws what `openEmbedded`, `openRedisState` and `openPostgresRecords` throw.
 */
export async function openStorage(
  settings: StorageConfig,
  options: StorageOptions,
): Promise<Storage> {
  const opened: Closable[] = [];
  const kept = <Engine extends Closable>(engine: Engine): Engine => {
    opened.push(engine);
    return engine;
  };
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((engine) => engine.close()));
  };
  try {
    return { ...(await openEngines(settings, options, kept)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** For the dev profile, with state and records embedded. @throws what `openEmbedded` throws. */
export async function openStorageWithCheckpoints(
  { embedded }: StorageConfig,
  options: StorageOptions,
): Promise<StorageWithCheckpoints> {
  const { checkpoints, lend, close } = await openEmbeddedFile({ file: embedded.file, ...options });
  return { ...checkpoints, lend: () => lend(), close };
}

async function openEngines(
  { state, records, embedded }: StorageConfig,
  options: StorageOptions,
  kept: <Engine extends Closable>(engine: Engine) => Engine,
): Promise<Pick<Storage, 'state' | 'records'>> {
  // A driver is loaded by whoever needs it.
  const redis = state.engine === 'redis' && kept(await openRedis(state.redis, options));
  const postgres =
    records.engine === 'postgres' && kept(await openPostgres(records.postgres, options));
  if (redis && postgres) return { state: redis, records: postgres };
  const file = kept(await openEmbedded({ file: embedded.file, ...options }));
  return { state: redis || file.state, records: postgres || file.records };
}

async function openRedis(
  ...given: Parameters<typeof openRedisState>
): ReturnType<typeof openRedisState> {
  const driver = await import('./redis/open-redis-state.ts');
  return driver.openRedisState(...given);
}

async function openPostgres(
  ...given: Parameters<typeof openPostgresRecords>
): ReturnType<typeof openPostgresRecords> {
  const driver = await import('./postgres/open-postgres-records.ts');
  return driver.openPostgresRecords(...given);
}
