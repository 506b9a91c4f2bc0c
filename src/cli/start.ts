import { InvalidArgumentError, type Command } from 'commander';
import { findingText, InsecureConfig } from '../config/insecure.ts';
import type { Checked } from './check.ts';

const WORKERS_MAX = 64;

/** By how many processes an installation is served here. */
export interface Processes {
  readonly workers: number;
  /** Each may be kept on a core of its own. */
  readonly pin: boolean;
}

/** What a node is started by. */
export interface StartOptions<Settings> {
  /** Resolves when the node, or each of several processes that are one each, has stopped. */
  startNode(settings: Settings, processes: Processes): Promise<void>;
  /** One of several processes of one start, the first of which has told the warnings. */
  readonly isWorker?: boolean | undefined;
  printError(text: string): void;
}

/** Settings, and what was found of them. */
export type CheckedSettings<Settings> = Checked & { readonly settings: Settings };

/** `start`: a node, or several behind one socket. */
export function registerStart<Settings>(
  program: Command,
  options: StartOptions<Settings> & { check(): Promise<CheckedSettings<Settings>> },
): void {
  program
    .command('start')
    .description('Starts a node, unless its configuration is insecure.')
    .option('--workers <number>', 'processes behind the one socket, each a node', readWorkers, 1)
    .option('--no-pin', 'keeps no worker on a core of its own where there are as many as cores')
    .action(async (processes: Processes) => {
      await startChecked(await options.check(), processes, options);
    });
}

/** Tells what is unwise, and starts. @throws {InsecureConfig} */
export async function startChecked<Settings>(
  { settings, safety }: CheckedSettings<Settings>,
  processes: Processes,
  { startNode, isWorker = false, printError }: StartOptions<Settings>,
): Promise<void> {
  if (!isWorker)
    for (const warning of safety.warnings) printError(`warning: ${findingText(warning)}`);
  if (safety.refusals.length > 0) throw new InsecureConfig(safety.refusals);
  await startNode(settings, processes);
}

/** @throws {InvalidArgumentError} */
function readWorkers(text: string): number {
  const workers = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (workers < 1 || workers > WORKERS_MAX)
    throw new InvalidArgumentError(`Expected a number from 1 to ${WORKERS_MAX}.`);
  return workers;
}
