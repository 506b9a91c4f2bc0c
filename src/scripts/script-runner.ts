import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Json, JsonObject } from '../runtime/json.ts';
import { BadScripts, ScriptFailed } from './failures.ts';
import {
  startScriptProcess,
  type ScriptProcess,
  type ScriptProcessOptions,
} from './script-process.ts';

/** Runs the scripts of a folder, in one process for all runs, and in another when that has ended. */
export interface ScriptRunner {
  /** @throws {ScriptFailed} */
  has(name: string): Promise<boolean>;
  /** Undefined: there is no script of that name. @throws {ScriptFailed} */
  run(name: string, input: () => Promise<JsonObject>): Promise<Json | undefined>;
  close(): void;
}

export interface ScriptRunnerOptions extends ScriptProcessOptions {
  /** Looks before each run whether a file has changed. */
  readonly isReloaded: boolean;
}

/** Loads them. @throws {BadScripts} */
export async function openScriptRunner(options: ScriptRunnerOptions): Promise<ScriptRunner> {
  const folder = await folderAt(options.folder);
  let starting: Promise<ScriptProcess> | undefined;
  let running: ScriptProcess | undefined;
  let stamp = '';
  let isClosed = false;

  async function start(): Promise<ScriptProcess> {
    running?.retire();
    stamp = options.isReloaded ? await stampOf(folder) : '';
    running = await startScriptProcess({ ...options, folder });
    if (isClosed) running.retire();
    return running;
  }

  async function current(): Promise<ScriptProcess> {
    if (starting !== undefined) return await starting;
    const isSame = !options.isReloaded || (await stampOf(folder)) === stamp;
    if (running?.isGood() && isSame) return running;
    starting ??= start().finally(() => {
      starting = undefined;
    });
    return await starting;
  }

  async function good(): Promise<ScriptProcess> {
    try {
      return await current();
    } catch (error) {
      if (!(error instanceof BadScripts)) throw error;
      throw new ScriptFailed('crashed', error.message);
    }
  }

  await current();
  return {
    has: async (name) => (await good()).has(name),
    async run(name, input) {
      const process = await good();
      return process.has(name) ? await process.run(name, await input()) : undefined;
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
    throw new BadScripts(`there is no folder ${path} of scripts: make it, or correct the setting`, {
      cause,
    });
  }
}

/** Another one when a file has been changed, added or taken away. */
async function stampOf(folder: string): Promise<string> {
  const files = (await readdir(folder)).toSorted();
  const stats = await Promise.all(files.map((file) => stat(join(folder, file))));
  return stats.map(({ mtimeMs, size }, index) => `${files[index]} ${mtimeMs} ${size}`).join('\n');
}
