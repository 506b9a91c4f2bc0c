// Runs triggers of a pool as Lambda does: in a process of its own (src/scripts).
import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { loadScript } from '../../../scripts/sandbox/load.ts';
import { serve, type Script } from '../../../scripts/sandbox/serve.ts';
import { invoke } from './invoke.ts';

const FILE = /\.[cm]?js$/;

// An import elsewhere does nothing.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = '', names = '[]', timeoutMs = '0'] = process.argv.slice(2);
  await serve(() => loadAll(folder, JSON.parse(names), Number(timeoutMs)));
}

/** `wanted`: pairs of a trigger and its file; of the others the file has the name of the trigger. */
async function loadAll(
  folder: string,
  wanted: readonly (readonly [string, string | null])[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, Script>> {
  const files = readdirSync(folder).filter((file) => FILE.test(file));
  const scripts = new Map<string, Script>();
  for (const [name, given] of wanted) {
    const file = given ?? files.find((one) => parse(one).name === name);
    if (file !== undefined)
      scripts.set(name, await loadTrigger(join(folder, file), name, timeoutMs));
  }
  return scripts;
}

async function loadTrigger(path: string, name: string, timeoutMs: number): Promise<Script> {
  const handler = (await loadScript(path)).get('handler');
  if (typeof handler === 'function')
    return (event) =>
      invoke((...words) => handler(...words), handler.length, { event, name, timeoutMs });
  throw new TypeError(`${path} exports no function "handler"`);
}
