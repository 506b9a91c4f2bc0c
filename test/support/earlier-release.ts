import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The program as it was at an earlier commit, ready to be started. */
export interface EarlierRelease {
  readonly commit: string;
  readonly root: string;
  remove(): Promise<void>;
}

/**
 * Lays out the first of `refs` that this clone has: a shallow one may have no more than its newest commit.
 * Its dependencies are those of today.
 *
 * @throws {Error} when it has none of them.
 */
export async function layOutRelease(refs: readonly string[]): Promise<EarlierRelease> {
  const commit = await firstThere(refs);
  const root = await mkdtemp(join(tmpdir(), 'latchkey-earlier-'));
  const archive = join(root, 'archive.tar');
  await run('git', ['-C', ROOT, 'archive', '--output', archive, commit]);
  await mkdir(join(root, 'program'));
  await run('tar', ['-xf', archive, '-C', join(root, 'program')]);
  await symlink(join(ROOT, 'node_modules'), join(root, 'program', 'node_modules'));
  return {
    commit,
    root: join(root, 'program'),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

async function firstThere(refs: readonly string[]): Promise<string> {
  for (const ref of refs) {
    const args = ['-C', ROOT, 'rev-parse', '--quiet', '--verify', `${ref}^{commit}`];
    const found = await run('git', args).catch(() => undefined);
    if (found) return found.stdout.trim();
  }
  throw new Error(`this is no clone with one of ${refs.join(', ')}`);
}
