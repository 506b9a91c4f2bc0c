// Inside of the sandbox: imports nothing of the house but types and its neighbours here.
import { AsyncLocalStorage } from 'node:async_hooks';
import process from 'node:process';
import { format } from 'node:util';
import type { Order, Report } from '../messages.ts';
import { endWithParent } from './end-with-parent.ts';

/** Runs one script: gives what is to be told, or throws what the script threw. */
export type Script = (input: Order['input'], within: Within) => Promise<unknown>;

/** Does `work` in the name of a part: what it prints is under that name, and a run that fails tells it. */
export type Within = <Result>(part: string, work: () => Result) => Result;

/** Whose turn it is, for what it prints. */
const turn = new AsyncLocalStorage<string>();
const LEVELS = [
  ['log', 'info'],
  ['info', 'info'],
  ['debug', 'debug'],
  ['warn', 'warn'],
  ['error', 'error'],
] as const;

/** Loads scripts by name, and runs them as orders come. */
export async function serve(
  load: (within: Within) => Promise<ReadonlyMap<string, Script>>,
): Promise<void> {
  // A promise that a script forgot ends no run but its own.
  process.on('unhandledRejection', (error) => print('error', [error]));
  for (const [name, level] of LEVELS)
    Object.assign(console, { [name]: (...words: readonly unknown[]) => print(level, words) });
  try {
    await endWithParent();
    const scripts = await load((part, work) => turn.run(part, work));
    process.on('message', (order: Order) => void turn.run(order.name, () => run(order, scripts)));
    tell({ kind: 'ready', names: [...scripts.keys()] });
  } catch (error) {
    tell({ kind: 'unloadable', problem: format(error) });
  }
}

async function run(
  { run: number, name, input }: Order,
  scripts: ReadonlyMap<string, Script>,
): Promise<void> {
  const within: Within = (part, work) => {
    tell({ kind: 'turn', run: number, part });
    return turn.run(part, work);
  };
  try {
    const output = (await scripts.get(name)?.(input, within)) ?? null;
    // As JSON: all that can be told.
    tell({ kind: 'done', run: number, output: JSON.parse(JSON.stringify(output) ?? 'null') });
  } catch (error) {
    const problem = error instanceof Error ? error.message : format(error);
    tell({ kind: 'failed', run: number, problem, detail: format(error) });
  }
}

function print(level: (typeof LEVELS)[number][1], words: readonly unknown[]): void {
  tell({ kind: 'log', name: turn.getStore() ?? '', level, text: format(...words) });
}

function tell(report: Report): void {
  process.send?.(report);
}
