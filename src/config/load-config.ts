import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { LatchkeyError } from '../runtime/errors.ts';
import { processEnvironment, type Environment } from './environment.ts';
import { readConfigSource } from './read-config.ts';
import type { GivenValue } from './variables.ts';

/** The configuration file cannot be read at all. */
class ConfigUnreadable extends LatchkeyError {
  readonly code = 'ERR_CONFIG_UNREADABLE';
}

/**
 * The settings of the file at `path`, with those of `environment` and then of `flags` laid over it.
 *
 * @throws {ConfigUnreadable} when there is no such file, or it is not ours to read.
 * @throws {InvalidConfig} when anything in it is wrong, with all that is wrong.
 */
export async function loadConfig<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  environment: Environment = processEnvironment(),
  flags: readonly GivenValue[] = [],
): Promise<z.output<Schema>> {
  const source = { file: path, text: await textOf(path), flags };
  return readConfigSource(source, schema, environment);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigUnreadable(`cannot read the configuration ${path}: ${reason}`, {
      cause: error,
    });
  }
}
