import type { ChildProcess } from 'node:child_process';
import type { Json, JsonObject } from '../runtime/json.ts';
import { BadScripts } from './failures.ts';
import { report, type Order, type Report } from './messages.ts';
import { createRuns } from './runs.ts';
import { spawnSandbox } from './spawn-sandbox.ts';

/** A process that has loaded the scripts of a folder. */
export interface ScriptProcess {
  has(name: string): boolean;
  /** @throws {ScriptFailed} */
  run(name: string, input: JsonObject): Promise<Json>;
  /** False: it takes no more runs. */
  isGood(): boolean;
  /** Takes no more runs, and ends with the last of those under way. */
  retire(): void;
}

/** What a script printed. */
export type PrintedLine = Report & { readonly kind: 'log' };

export interface ScriptProcessOptions {
  /** Path of what runs inside, which calls `serve`. */
  readonly program: string;
  /** Absolute, and no link. */
  readonly folder: string;
  /** What the program is told beside the folder. */
  readonly words: readonly string[];
  readonly timeoutMs: number;
  readonly onLine: (line: PrintedLine) => void;
}

const LOAD_WITHIN_MS = 10_000;

/** Starts one. @throws {BadScripts} when a script cannot be loaded. */
export async function startScriptProcess(options: ScriptProcessOptions): Promise<ScriptProcess> {
  const { child, lastWords } = spawnSandbox(options);
  const loaded = Promise.withResolvers<ReadonlySet<string>>();
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
    const problem = `the process of the scripts has ended: ${lastWords()}`;
    loaded.reject(new BadScripts(problem));
    runs.failAll({ how: 'crashed', problem });
  }

  function hear(told: Report): void {
    if (told.kind === 'log') options.onLine(told);
    else if (told.kind === 'done') runs.done(told.run, told.output);
    else if (told.kind === 'turn') runs.turn(told.run, told.part);
    else if (told.kind === 'failed') runs.fail(told.run, { ...told, how: 'failed' });
    else if (told.kind === 'ready') loaded.resolve(new Set(told.names));
    else loaded.reject(new BadScripts(told.problem));
  }

  child.on('message', (message) => {
    const read = report.safeParse(message);
    if (read.success) hear(read.data);
    else child.kill('SIGKILL');
  });
  child.once('error', end);
  child.once('exit', end);
  const names = await whenLoaded(loaded.promise, child);
  return {
    has: (name) => names.has(name),
    run: (name, input) =>
      runs.begin((run) => {
        const order: Order = { run, name, input };
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
