import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { nameOf } from './compose.ts';
import type { Clock } from './runtime/clock.ts';
import { LatchkeyError } from './runtime/errors.ts';
import type { Logger } from './runtime/logger.ts';
import type { Settings } from './settings.ts';

/** This installation cannot be served by several processes. */
export class NoWorkers extends LatchkeyError {
  readonly code = 'ERR_NO_WORKERS';
}

/** Which of the worker processes a process is, from 1 on. */
export interface Place {
  readonly place: number;
  readonly count: number;
}

/** How a worker is told its place; not a setting, which begin otherwise. */
const PLACE = 'WORKER_PLACE';
/** A worker that dies is followed at once; one that dies sooner after its start than this, after as long. */
const LIVES_SECONDS = 5;

/**
 * Runs `count` processes of this very program behind one listening socket until `told`; each is a node like any
 * other. One that dies is followed by another; when one cannot start at first, none stays. Gives the exit code.
 *
 * @throws {NoWorkers} in the dev profile, whose doors for tests know their own process alone.
 */
export async function runWorkers(
  settings: Settings,
  options: {
    readonly count: number;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly told: Promise<void>;
  },
): Promise<number> {
  const { count, clock, logger, told } = options;
  if (settings.profile === 'dev')
    throw new NoWorkers('the dev profile runs in one process: leave --workers out');
  const stop = new AbortController();
  void told.then(() => stop.abort());
  let failed = 0;
  let areServing = false;

  async function keep(place: number): Promise<void> {
    while (!stop.signal.aborted) {
      const startedAt = clock.now();
      const code = await run(place, stop.signal, () => {
        areServing = true;
      });
      if (stop.signal.aborted) {
        failed ||= code;
        return;
      }
      if (!areServing) {
        failed = code || 1;
        stop.abort();
        return;
      }
      logger.error({ event: 'worker.ended', place, code }, 'a worker has ended: another follows');
      const early = startedAt + LIVES_SECONDS - clock.now();
      if (early > 0) await clock.sleep(early, stop.signal).catch(() => undefined);
    }
  }

  await Promise.all(Array.from({ length: count }, (_, index) => keep(index + 1)));
  return failed;
}

/** One worker from its start to its end. */
async function run(place: number, signal: AbortSignal, onServing: () => void): Promise<number> {
  const worker: Worker = cluster.fork({ [PLACE]: String(place) });
  const end = (): void => void worker.process.kill('SIGTERM');
  signal.addEventListener('abort', end);
  // Taken here, or a worker that cannot be forked would end this process, too.
  worker.on('error', () => undefined);
  worker.once('message', onServing);
  try {
    const [code] = await once(worker, 'exit');
    return typeof code === 'number' ? code : 1;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Tells the parent process that this worker has come up whole: only then is another started in its place. */
export function tellServing(): void {
  if (cluster.isWorker) process.send?.('serving');
}

/** Lets go of the parent process, which would keep this worker alive. */
export function leaveWorkers(): void {
  cluster.worker?.disconnect();
}

/** The place of this process among `count` workers; undefined: it is none. */
export function placeOf(
  environment: Readonly<Record<string, string | undefined>>,
  count: number,
): Place | undefined {
  const place = Number(environment[PLACE]);
  return cluster.isWorker && place >= 1 ? { place, count } : undefined;
}

/** The settings of one worker: names, ports and hashes at once are for one process each. */
export function settingsOfWorker(settings: Settings, { place, count }: Place): Settings {
  const { audit, http, signIn } = settings;
  const { port } = http.metrics;
  const { atOnce } = signIn.argon2;
  // One core is left to all else, as where one process has the machine to itself.
  const share = Math.max(1, Math.floor((availableParallelism() - 1) / count));
  return {
    ...settings,
    audit: { ...audit, node: `${nameOf(settings)}.${place}` },
    http: {
      ...http,
      metrics: { ...http.metrics, port: port === 0 ? 0 : port + place - 1 },
    },
    signIn: {
      ...signIn,
      argon2: { ...signIn.argon2, atOnce: atOnce === 'auto' ? share : atOnce },
    },
  };
}
