import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** A Lua script as Redis knows it. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** A script in two forms: refused when memory is full, and let through for what is essential. */
interface ScriptPair {
  readonly ordinary: Script;
  readonly essential: Script;
}

/** The verbs that need more than one command of Redis. */
export interface Scripts {
  readonly put: Script;
  readonly swap: ScriptPair;
  readonly delete: Script;
  readonly count: Script;
  readonly add: ScriptPair;
  readonly append: ScriptPair;
  readonly readLog: Script;
}

/** Reads the scripts that lie beside this file. */
export async function loadScripts(): Promise<Scripts> {
  const one = async (name: string): Promise<Script> => asScript(await readSource(name));
  const pair = async (name: string): Promise<ScriptPair> => asPair(await readSource(name));
  return {
    put: await one('put'),
    swap: await pair('swap'),
    delete: await one('delete'),
    count: await one('count'),
    add: await pair('add'),
    append: await pair('append'),
    readLog: await one('read-log'),
  };
}

async function readSource(name: string): Promise<string> {
  return await readFile(new URL(`${name}.lua`, import.meta.url), 'utf8');
}

function asPair(source: string): ScriptPair {
  return {
    ordinary: asScript(source),
    essential: asScript(source.replace(/^#!lua\n/u, '#!lua flags=allow-oom\n')),
  };
}

function asScript(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
