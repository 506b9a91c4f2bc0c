import type { ChildProcess } from 'node:child_process';
import type { JsonObject } from '../../runtime/json.ts';
import { BadActions } from './failures.ts';
import { report, type Order, type Outcome, type Report, type Trigger } from './messages.ts';
import { createRuns } from './runs.ts';
import { spawnSandbox } from './spawn-sandbox.ts';

/** A process that has loaded the actions of a folder. */
export interface ActionProcess {
  /** Whether an action is run at `trigger`. */
  has(trigger: Trigger): boolean;
  /** @throws {ActionFailed} */
  run(trigger: Trigger, event: JsonObject): Promise<Outcome>;
  /** False: it takes no more runs. */
  isGood(): boolean;
  /** Takes no more runs, and ends with the last of those under way. */
  retire(): void;
}

/** What an action printed. */
export type PrintedLine = Report & { readonly kind: 'log' };

export interface ActionProcessOptions {
  /** Absolute, and no link. */
  readonly folder: string;
  readonly timeoutMs: number;
  readonly onLine: (line: PrintedLine) => void;
}

const LOAD_WITHIN_MS = 10_000;

/** Starts one. @throws {BadActions} when an action cannot be loaded. */
export async function startActionProcess(options: ActionProcessOptions): Promise<ActionProcess> {
  const { child, lastWords } = spawnSandbox(options.folder);
  const loaded = Promise.withResolvers<ReadonlySet<Trigger>>();
  let isGood = true;
  const runs = createRuns({ ...options, onTimeout: retire, onEnd: endWhenIdle });

  function endWhenIdle(): void {
    if (!isGood && runs.count() === 0) child.kill('SIGKILL');
  }

  function retire(): void {
    isGood = false;
    endWhenIdle();
  }

  function end(): void {
    isGood = false;
    const problem = `the process of the actions has ended: ${lastWords()}`;
    loaded.reject(new BadActions(problem));
    runs.failAll('crashed', problem);
  }

  function hear(told: Report): void {
    if (told.kind === 'log') options.onLine(told);
    else if (told.kind === 'turn') runs.turn(told.run, told.action);
    else if (told.kind === 'done') runs.done(told.run, told.outcome);
    else if (told.kind === 'failed') runs.fail(told.run, 'failed', told.problem);
    else if (told.kind === 'ready') loaded.resolve(new Set(told.triggers));
    else loaded.reject(new BadActions(`${told.file} cannot be loaded: ${told.problem}`));
  }

  child.on('message', (message) => {
    const read = report.safeParse(message);
    if (read.success) hear(read.data);
    else child.kill('SIGKILL');
  });
  child.once('error', end);
  child.once('exit', end);
  const triggers = await whenLoaded(loaded.promise, child);
  return {
    has: (trigger) => triggers.has(trigger),
    run: (trigger, event) =>
      runs.begin((run) => {
        const order: Order = { run, trigger, event };
        child.send(order, (error) => error && end());
      }),
    isGood: () => isGood,
    retire,
  };
}

async function whenLoaded<Loaded>(loaded: Promise<Loaded>, child: ChildProcess): Promise<Loaded> {
  const timer = setTimeout(() => child.kill('SIGKILL'), LOAD_WITHIN_MS);
  try {
    return await loaded;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
