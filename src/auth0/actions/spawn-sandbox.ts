import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const SANDBOX = fileURLToPath(new URL('sandbox', import.meta.url));
const MEMORY_MB = 128;
/** What is kept of what it wrote last. */
const WORDS_MAX = 2000;

/**
 * A process for the actions in `folder`: with an empty environment, by Node's permission model without files but those
 * of the folder and the packages that it may require, and without processes and threads of its own. It keeps
 * nobody alive, and ends with its parent.
 */
export function spawnSandbox(folder: string): {
  readonly child: ChildProcess;
  /** What it wrote before it died. */
  lastWords(): string;
} {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const readable = [SANDBOX, folder, ...packagesOf(folder)];
  const child = spawn(
    process.execPath,
    [
      '--permission',
      ...readable.map((path) => `--allow-fs-read=${join(path, '*')}`),
      `--max-old-space-size=${MEMORY_MB}`,
      join(SANDBOX, `main${extension}`),
      folder,
    ],
    { cwd: folder, env: {}, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  let words = '';
  child.stderr?.on('data', (data: Buffer) => {
    words = (words + data.toString()).slice(-WORDS_MAX);
  });
  child.unref();
  child.channel?.unref();
  return { child, lastWords: () => words.trim() || `code ${child.exitCode ?? child.signalCode}` };
}

/** Where `require` looks from `folder` upwards. */
function packagesOf(folder: string): readonly string[] {
  const above = dirname(folder);
  const here = join(above, 'node_modules');
  return above === folder ? [] : [here, ...packagesOf(above)];
}
