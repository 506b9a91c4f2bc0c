import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction, constants } from 'node:vm';

const HAS_IMPORT_OR_EXPORT = /^\s*(?:import|export)\b\s*[\w{*'"]/m;

/**
 * What the file at `path` exports, by name. It is run once, as a module of either kind: what vendors have is CommonJS,
 * whatever the next package.json says of `.js`. Throws whatever it throws.
 */
export async function loadScript(path: string): Promise<ReadonlyMap<string, unknown>> {
  return new Map(Object.entries(Object(await load(path))));
}

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
