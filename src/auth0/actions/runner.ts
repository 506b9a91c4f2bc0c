import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { JsonObject } from '../../runtime/json.ts';
import { startActionProcess, type ActionProcess, type PrintedLine } from './action-process.ts';
import { ActionFailed, BadActions } from './failures.ts';
import type { Outcome, Trigger } from './messages.ts';

/** Runs the actions of a folder, one process for all runs, and another when that has ended. */
export interface ActionRunner {
  /** Undefined: there is no action for `trigger`. @throws {ActionFailed} */
  run(trigger: Trigger, event: () => Promise<JsonObject>): Promise<Outcome | undefined>;
  close(): void;
}

export interface RunnerOptions {
  readonly folder: string;
  readonly timeoutMs: number;
  /** Looks before each run whether a file has changed. */
  readonly isReloaded: boolean;
  readonly onLine: (line: PrintedLine) => void;
}

/** Loads them. @throws {BadActions} */
export async function openActionRunner(options: RunnerOptions): Promise<ActionRunner> {
  const folder = await folderAt(options.folder);
  let starting: Promise<ActionProcess> | undefined;
  let running: ActionProcess | undefined;
  let stamp = '';
  let isClosed = false;

  async function start(): Promise<ActionProcess> {
    running?.retire();
    stamp = options.isReloaded ? await stampOf(folder) : '';
    running = await startActionProcess({ ...options, folder });
    if (isClosed) running.retire();
    return running;
  }

  async function current(): Promise<ActionProcess> {
    if (starting !== undefined) return await starting;
    const isSame = !options.isReloaded || (await stampOf(folder)) === stamp;
    if (running?.isGood() && isSame) return running;
    starting ??= start().finally(() => {
      starting = undefined;
    });
    return await starting;
  }

  async function good(): Promise<ActionProcess> {
    try {
      return await current();
    } catch (error) {
      if (!(error instanceof BadActions)) throw error;
      throw new ActionFailed('failed', '', error.message);
    }
  }

  await current();
  return {
    async run(trigger, event) {
      const process = await good();
      return process.has(trigger) ? await process.run(trigger, await event()) : undefined;
    },
    close() {
      isClosed = true;
      running?.retire();
    },
  };
}

async function folderAt(path: string): Promise<string> {
  try {
    return await realpath(resolve(path));
  } catch (cause) {
    throw new BadActions(
      `there is no folder ${path} for actions: make it, or correct the setting`,
      {
        cause,
      },
    );
  }
}

/** Another one when a file has been changed, added or taken away. */
async function stampOf(folder: string): Promise<string> {
  const files = (await readdir(folder)).toSorted();
  const stats = await Promise.all(files.map((file) => stat(join(folder, file))));
  return stats.map(({ mtimeMs, size }, index) => `${files[index]} ${mtimeMs} ${size}`).join('\n');
}
