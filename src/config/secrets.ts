import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { LatchkeyError } from '../runtime/errors.ts';
import { processEnvironment, type Environment } from './environment.ts';
import type { SecretReference } from './values.ts';

const FILE_BYTES_MAX = 64 * 1024;
const REACHED_BY_EVERYONE = 0o006;

/** A secret could not be read, or lies where everyone may read it. Never says what it is. */
export class SecretUnavailable extends LatchkeyError {
  readonly code = 'ERR_SECRET_UNAVAILABLE';
}

/**
 * The secret that `reference` points to. One newline at the end of a file is the editor's and is left off.
 *
 * @throws {SecretUnavailable} when there is none, it is empty, or everyone on the machine may read it.
 */
export async function readSecret(
  reference: SecretReference,
  environment: Environment = processEnvironment(),
): Promise<string> {
  const secret = 'file' in reference ? await readFile(reference.file) : environment[reference.env];
  if (secret !== undefined && secret !== '') return secret;
  throw new SecretUnavailable(
    'file' in reference
      ? `the secret file ${reference.file} is empty: write the secret into it`
      : `the environment variable ${reference.env} is not set: set it to the secret`,
  );
}

async function readFile(path: string): Promise<string> {
  try {
    // Without O_NONBLOCK a named pipe would keep the start waiting for its other end.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    refuse(path, await file.stat());
    return (await file.readFile('utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof SecretUnavailable) throw error;
    throw new SecretUnavailable(`cannot read the secret file ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** Judges the file that was opened, so that it cannot be swapped between the two. */
function refuse(path: string, stats: Stats): void {
  if (!stats.isFile() || stats.size > FILE_BYTES_MAX) {
    throw new SecretUnavailable(`${path} is no secret: not a file of at most 64 KB`);
  }
  // Windows has no such modes and reports every file as open to everyone.
  if (process.platform !== 'win32' && (stats.mode & REACHED_BY_EVERYONE) !== 0) {
    throw new SecretUnavailable(
      `the secret file ${path} can be read or changed by everyone: chmod 600 ${path}`,
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
