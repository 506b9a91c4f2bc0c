import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('../compat/', import.meta.url));
// What Next compiles and draws with is optional, and a quarter of all.
const INSTALL =
  '[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --omit=optional --no-audit --no-fund';
const run = promisify(execFile);

/**
 * Installs the packages of `test/compat` from its lock unless they are there. They are held against Latchkey as they
 * are, and are no dependencies of it.
 */
export async function installCompat(): Promise<void> {
  if (modified('node_modules/.package-lock.json') >= modified('package-lock.json')) return;
  // One test file at a time: the others find it done.
  await run('flock', ['.', 'sh', '-c', INSTALL], { cwd: FOLDER });
}

/** A package of `test/compat`. What it gives is the caller's to say. */
export const requireCompat = createRequire(new URL('../compat/package.json', import.meta.url));

/** Where they are; what lies beside them finds them. */
export const compatFolder = FOLDER;

/** The path of a file of such a package. */
export function compatFile(path: string): string {
  return `${FOLDER}node_modules/${path}`;
}

/** 0: it is not there. */
function modified(path: string): number {
  return statSync(`${FOLDER}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
