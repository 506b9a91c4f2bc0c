import { type ComposeOptions, NAMESPACE, openHouseViews } from './compose.ts';
import { installationOf } from './config/installation.ts';
import { createCheckpoints, type CheckpointsFromStart } from './dev/checkpoints.ts';
import { openMovableClock } from './dev/open-movable-clock.ts';
import { openSeed } from './dev/open-seed.ts';
import type { Listening } from './http/host.ts';
import { createMetrics } from './http/metrics.ts';
import { createPlannedFaults, type PlannedFaults } from './http/planned-faults.ts';
import { createWaitingDoor } from './http/waiting-door.ts';
import { createLives, type Lives } from './lives.ts';
import { openLife } from './node.ts';
import type { MovableClock } from './runtime/clock.ts';
import { loadOnDemand } from './runtime/on-demand.ts';
import type { Settings } from './settings.ts';
import { removeRingCopies } from './signing-keys/ring-copies.ts';
import { openStorageWithCheckpoints, type StorageWithCheckpoints } from './storage/open.ts';

/** A node that serves. */
export interface Node {
  readonly listening: Listening;
  /** Leaves without failing a request. */
  close(): Promise<void>;
}

/** Opens every room and serves. */
export async function startNode(settings: Settings, options: ComposeOptions): Promise<Node> {
  const waiting = createWaitingDoor(settings.http, options.logger);
  const lives = createLives();
  const closers = [lives.close];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0)) await closeOne();
  };
  try {
    const views = await openHouseViews(settings);
    const isProduction = settings.profile === 'production';
    // A mistake in a theme is told at the start.
    if (isProduction || settings.pages.themeFolder !== undefined) views.prepare();
    if (isProduction) await loadOnDemand();
    const testing = await openTesting(settings, { ...options, lives, closers });
    const { storage, checkpoints } = testing;
    const metrics = createMetrics({ ofProcess: settings.http.metrics.enabled });
    const clock = options.clock ?? testing.movableClock;
    const set = { ...options, ...testing, clock, metrics, views };
    const { host } = await lives.begin((beyond) =>
      openLife(settings, { ...set, beyond, storage: storage?.lend() }),
    );
    await checkpoints?.begin();
    await waiting.close();
    return { listening: await host.listen(), close };
  } catch (error) {
    await waiting.close();
    await close();
    throw error;
  }
}

/** What only the dev profile has: for tests of apps. */
async function openTesting(
  settings: Settings,
  options: Pick<ComposeOptions, 'clock' | 'logger'> & {
    readonly lives: Lives;
    readonly closers: (() => Promise<void>)[];
  },
): Promise<Testing> {
  const { logger, lives, closers } = options;
  if (!installationOf(settings).isDev) return {};
  const plannedFaults = createPlannedFaults();
  const streams = openSeed(settings, logger);
  if (streams) closers.push(async () => streams.close());
  const clock = options.clock ? undefined : openMovableClock(settings);
  if (!clock) return { plannedFaults };
  closers.push(async () => clock.close());
  const storage = await openStorageWithCheckpoints(settings.storage, { clock, logger });
  // State and records of the last life first, then the file under them.
  closers.splice(1, 0, storage.close);
  const parts = {
    storage,
    clock,
    streams,
    faults: plannedFaults,
    follow: (work: () => Promise<void>) =>
      lives.follow(async () => {
        await removeRingCopies(settings.signingKeys.folder, NAMESPACE);
        await work();
      }),
  };
  return { plannedFaults, movableClock: clock, storage, checkpoints: createCheckpoints(parts) };
}

interface Testing {
  readonly plannedFaults?: PlannedFaults;
  /** These three on the embedded engine alone, with the machine's own time. */
  readonly movableClock?: MovableClock;
  readonly storage?: StorageWithCheckpoints;
  readonly checkpoints?: CheckpointsFromStart;
}
