import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import type { Processes } from './cli/start.ts';
import { nameOf } from './compose.ts';
import type { Clock } from './runtime/clock.ts';
import { coresOfProcess, keepOnCore } from './runtime/cores.ts';
import { LatchkeyError } from './runtime/errors.ts';
import type { Logger } from './runtime/logger.ts';
import type { Settings } from './settings.ts';

/** This installation cannot be served by several processes. */
export class NoWorkers extends LatchkeyError {
  readonly code = 'ERR_NO_WORKERS';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Which of the worker processes a process is, from 1 on. */
export interface Place {
  readonly place: number;
  readonly count: number;
}

/** How a worker is told its place; not a setting, which begin otherwise. */
const PLACE = 'WORKER_PLACE';
/**
 * How many threads sign for a process, by libuv's name for it. More than its share of the cores only keep the cores from each
 * other: with 4 in each of two workers on two cores a signature costs a tenth more.
 */
const POOL = 'UV_THREADPOOL_SIZE';
/** libuv keeps half of them free of what may wait long, such as a name to be looked up: one goes on signing. */
const POOL_MIN = 2;
/** A worker that dies is followed at once; one that dies sooner after its start than this, after as long. */
const LIVES_SECONDS = 5;

/**
 * Runs `workers` processes of this very program behind one listening socket until `told`; each is a node like any
 * other. Where there are as many as cores, `pin` keeps the main thread of each on one of its own. One that dies is followed by another; when one cannot start at first, none stays. Gives the exit code.
 *
 * @throws {NoWorkers} in the dev profile, whose doors for tests know their own process alone.
 */
export async function runWorkers(
  settings: Settings,
  options: Processes & {
    readonly environment: Environment;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly told: Promise<void>;
  },
): Promise<number> {
  const { workers: count, pin, clock, logger, told } = options;
  const given = Number(options.environment[POOL]) || Infinity;
  const pool = String(Math.min(given, share(count, POOL_MIN)));
  if (settings.profile === 'dev')
    throw new NoWorkers('the dev profile runs in one process: leave --workers out');
  const cores = pin ? coresOfProcess() : [];
  const stop = new AbortController();
  void told.then(() => stop.abort());
  let failed = 0;
  let areServing = false;

  async function keep(place: number): Promise<void> {
    while (!stop.signal.aborted) {
      const startedAt = clock.now();
      const variables = { [PLACE]: String(place), [POOL]: pool };
      const code = await run(variables, stop.signal, (pid) => {
        areServing = true;
        if (cores.length === count) void pinWorker({ pid, place, cores, logger });
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
async function run(
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onServing: (pid: number) => void,
): Promise<number> {
  const worker: Worker = cluster.fork(variables);
  const end = (): void => void worker.process.kill('SIGTERM');
  signal.addEventListener('abort', end);
  // Taken here, or a worker that cannot be forked would end this process, too.
  worker.on('error', () => undefined);
  worker.once('message', () => onServing(worker.process.pid ?? 0));
  try {
    const [code] = await once(worker, 'exit');
    return typeof code === 'number' ? code : 1;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/**
 * What a main thread has in the caches of a core it loses when it is moved. Its other threads have begun, and go where there
 * is room. With fewer workers than cores, which of them to take would be a guess that every node here makes alike.
 */
async function pinWorker(options: {
  readonly pid: number;
  readonly place: number;
  readonly cores: readonly number[];
  readonly logger: Logger;
}): Promise<void> {
  const { pid, place, cores, logger } = options;
  const core = cores[place - 1];
  if (core !== undefined && (await keepOnCore(pid, core)))
    logger.info({ event: 'worker.pinned', place, core }, 'its main thread stays on one core');
}

/** Of the cores, for each of `count` workers. */
function share(count: number, least: number, cores = availableParallelism()): number {
  return Math.max(least, Math.floor(cores / count));
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
export function placeOf(environment: Environment, count: number): Place | undefined {
  const place = Number(environment[PLACE]);
  return cluster.isWorker && place >= 1 ? { place, count } : undefined;
}

/** The settings of one worker: names, ports and hashes at once are for one process each. */
export function settingsOfWorker(settings: Settings, { place, count }: Place): Settings {
  const { audit, http, signIn } = settings;
  const { port } = http.metrics;
  const { atOnce } = signIn.argon2;
  // One core is left to all else, as where one process has the machine to itself.
  const hashes = share(count, 1, availableParallelism() - 1);
  return {
    ...settings,
    audit: { ...audit, node: `${nameOf(settings)}.${place}` },
    http: {
      ...http,
      metrics: { ...http.metrics, port: port === 0 ? 0 : port + place - 1 },
    },
    signIn: {
      ...signIn,
      argon2: { ...signIn.argon2, atOnce: atOnce === 'auto' ? hashes : atOnce },
    },
  };
}
