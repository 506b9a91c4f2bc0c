import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('../compat/', import.meta.url));
const INSTALL =
  '[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund';
const run = promisify(execFile);

/**
 * Installs the packages of `test/compat` from its lock unless they are there. They are held against Latchkey as they
 * are, and are no dependencies of it.
 */
export async function installCompat(): Promise<void> {
  // What Next compiles and draws with is optional, and a quarter of all.
  await install(FOLDER, '--omit=optional');
}

/** Where an application of Next's is, with all that Next builds and serves it by: 340 MB, for the long tests alone. */
export async function installNextApp(): Promise<string> {
  const folder = `${FOLDER}next/`;
  await install(folder);
  return folder;
}

async function install(folder: string, ...flags: readonly string[]): Promise<void> {
  const modified = (path: string): number =>
    statSync(`${folder}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (modified('node_modules/.package-lock.json') >= modified('package-lock.json')) return;
  // One test file at a time: the others find it done.
  await run('flock', ['.', 'sh', '-c', [INSTALL, ...flags].join(' ')], { cwd: folder });
}

/** A package of `test/compat`. What it gives is the caller's to say. */
export const requireCompat = createRequire(new URL('../compat/package.json', import.meta.url));

/** Where they are; what lies beside them finds them. */
export const compatFolder = FOLDER;

/** The path of a file of such a package. */
export function compatFile(path: string): string {
  return `${FOLDER}node_modules/${path}`;
}
