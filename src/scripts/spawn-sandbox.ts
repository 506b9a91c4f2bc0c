import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { useAllCores } from '../runtime/cores.ts';

const SANDBOX = fileURLToPath(new URL('sandbox', import.meta.url));
/** The warning says that threads may be too much; nothing of the operator's runs while they are allowed. */
const ONE_THREAD = ['--allow-worker', '--disable-warning=PERM0006'];
const MEMORY_MB = 128;
/** What is kept of what it wrote last. */
const WORDS_MAX = 2000;

/** A process, and what it wrote before it died. */
export interface Sandbox {
  readonly child: ChildProcess;
  lastWords(): string;
}

/**
 * A process that runs `program` for the scripts in `folder`: with an empty environment, by Node's permission model
 * without files but the folder's, the packages' that it may require and the program's, and without processes of its
 * own. It keeps nobody alive. `serve` ends it with its parent, by a thread, and takes threads from it after that.
 */
export function spawnSandbox({
  program,
  folder,
  words,
}: {
  /** A path. */
  readonly program: string;
  readonly folder: string;
  /** What the program is told. */
  readonly words: readonly string[];
}): Sandbox {
  const readable = [SANDBOX, dirname(program), folder, ...packagesOf(folder)];
  const child = spawn(
    process.execPath,
    [
      '--permission',
      ...ONE_THREAD,
      ...readable.map((path) => `--allow-fs-read=${join(path, '*')}`),
      `--max-old-space-size=${MEMORY_MB}`,
      program,
      folder,
      ...words,
    ],
    { cwd: folder, env: {}, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  if (child.pid !== undefined) useAllCores(child.pid);
  let written = '';
  child.stderr?.on('data', (data: Buffer) => {
    written = (written + data.toString()).slice(-WORDS_MAX);
  });
  child.unref();
  child.channel?.unref();
  return {
    child,
    lastWords: () => written.trim() || `code ${child.exitCode ?? child.signalCode}`,
  };
}

/** Where `require` looks from `folder` upwards. */
function packagesOf(folder: string): readonly string[] {
  const above = dirname(folder);
  const here = join(above, 'node_modules');
  return above === folder ? [] : [here, ...packagesOf(above)];
}
