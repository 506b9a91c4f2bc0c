import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction, constants } from 'node:vm';
import type { Trigger } from '../messages.ts';

/** A file of the folder, and the functions that it exports. */
export interface Action {
  readonly name: string;
  handler(trigger: Trigger): Handler | undefined;
}

/** As Auth0 calls it. */
export type Handler = (event: object, api: object) => unknown;

const FILE = /\.[cm]?js$/;
const HAS_IMPORT_OR_EXPORT = /^\s*(?:import|export)\b\s*[\w{*'"]/m;

/** The names of the actions in `folder`, in the order in which they run. */
export function listActions(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => FILE.test(file))
    .toSorted();
}

/** Runs the file once, as a module of either kind. Throws whatever it throws. */
export async function loadAction(folder: string, file: string): Promise<Action> {
  const path = join(folder, file);
  const exported = new Map(Object.entries(Object(await load(path))));
  return {
    name: parse(file).name,
    handler(trigger) {
      const found = exported.get(trigger);
      return isHandler(found) ? found : undefined;
    },
  };
}

/** What Auth0 has is CommonJS, whatever the next package.json says of `.js`. */
async function load(path: string): Promise<unknown> {
  if (path.endsWith('.mjs')) return import(pathToFileURL(path).href);
  const code = readFileSync(path, 'utf8');
  if (!path.endsWith('.cjs') && HAS_IMPORT_OR_EXPORT.test(code))
    return import(pathToFileURL(path).href);
  const module = { exports: {} };
  const run = compileFunction(code, ['exports', 'require', 'module', '__filename', '__dirname'], {
    filename: path,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  run.call(module.exports, module.exports, createRequire(path), module, path, parse(path).dir);
  return module.exports;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}
