import { existsSync } from 'node:fs';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { beginSeed } from '../runtime/random.ts';
import type { SeededStreams } from '../runtime/seeded-streams.ts';

/** There are data already, whose names the seed would give again. */
export class SeedNeedsEmptyStorage extends LatchkeyError {
  readonly code = 'ERR_SEED_NEEDS_EMPTY_STORAGE';
}

interface SeedSettings {
  readonly profile: string;
  readonly dev: { readonly seed?: string | undefined };
  readonly storage: { readonly embedded: { readonly file: string } };
  readonly signingKeys: { readonly folder: string };
}

/** What is drawn from the seed of this process, until it is closed. */
export type OpenSeed = Pick<SeededStreams, 'goTo' | 'positions'> & { readonly close: () => void };

/**
 * Lets everything that tests look at follow from `dev.seed`. Undefined without one.
 *
 * @throws {SeedNeedsEmptyStorage} when the file is there already.
 */
export function openSeed(settings: SeedSettings, logger: Logger): OpenSeed | undefined {
  const { profile, dev, storage, signingKeys } = settings;
  if (dev.seed === undefined || profile !== 'dev') return undefined;
  const { file } = storage.embedded;
  if (existsSync(file)) {
    throw new SeedNeedsEmptyStorage(
      `${file} has data already, and dev.seed would give their ids again: remove it and ${signingKeys.folder}, or leave dev.seed out`,
    );
  }
  logger.warn(
    { event: 'node.seeded' },
    'dev.seed is set: whoever knows it can foretell every key, code and secret',
  );
  return beginSeed(dev.seed);
}
