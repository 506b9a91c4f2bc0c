import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION = '20.20.2';

/** The oldest Node that APIs may have. */
export interface Node20 {
  readonly path: string;
  close(): Promise<void>;
}

/** The machine's own where that is a Node 20, else the one of the npm registry, in a folder that is gone when it is closed. */
export async function openNode20(): Promise<Node20> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  for (const folder of folders) {
    const path = join(folder, 'node');
    if (await isNode20(path)) return { path, close: () => Promise.resolve() };
  }
  return installNode20();
}

function isNode20(path: string): Promise<boolean> {
  return run(path, ['--version']).then(
    ({ stdout }) => stdout.startsWith('v20.'),
    () => false,
  );
}

async function installNode20(): Promise<Node20> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-node20-'));
  const name = `node-${process.platform}-${process.arch}`;
  const options = ['--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...options, `${name}@${VERSION}`]);
  return {
    path: join(folder, 'node_modules', name, 'bin/node'),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
