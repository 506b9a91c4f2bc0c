import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LatchkeyError } from './errors.ts';

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const OTHERS = 0o077;

/** A file that holds secrets can be read by others. */
export class FileNotPrivate extends LatchkeyError {
  readonly code = 'ERR_FILE_NOT_PRIVATE';
}

/**
 * Replaces `path` as a whole or not at all, also when power fails in the middle, readable by its owner alone.
 * Makes the folder when it is missing.
 */
export async function writePrivateFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeAndSync(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/**
 * The bytes of a file that nobody but its owner may read or change; undefined when there is none.
 *
 * @throws {FileNotPrivate} when its mode allows others anything.
 */
export async function readPrivateFile(path: string): Promise<Buffer | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!found) return undefined;
  // Windows keeps no such bits: there the folder's access list is the guard.
  if (process.platform !== 'win32' && (found.mode & OTHERS) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw new FileNotPrivate(
      `${path} has mode ${mode}, so others can reach it; run: chmod 600 ${path}`,
    );
  }
  return readFile(path);
}

async function writeAndSync(path: string, bytes: Uint8Array | string): Promise<void> {
  await closing(await open(path, 'wx', OWNER_ONLY), async (file) => {
    await file.writeFile(bytes);
    await file.sync();
  });
}

/** A rename is durable only once the folder is. */
async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder, and keeps renames in order by itself.
  if (process.platform === 'win32') return;
  await closing(await open(folder, 'r'), (handle) => handle.sync());
}

async function closing(file: FileHandle, act: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await act(file);
  } finally {
    await file.close();
  }
}
