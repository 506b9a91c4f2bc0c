import { createHmac } from 'node:crypto';
import { equalSecrets } from '../runtime/digest.ts';
import type { Sealer } from '../runtime/sealing.ts';

/** Digests that nobody can make or try out without the installation's keys. */
export interface KeyedDigests {
  digest(text: string): string;
  /** Under any key that is known, so that a change of master key does not end what was made before. */
  matches(text: string, digest: string): boolean;
}

/** For one purpose, the same on every node. */
export function createKeyedDigests(sealer: Pick<Sealer, 'keysFor'>, purpose: string): KeyedDigests {
  const keys = sealer.keysFor(purpose);
  const under = (key: Uint8Array, text: string): string =>
    createHmac('sha256', key).update(text).digest('base64url');
  return {
    digest: (text) => under(keys[0], text),
    // Every key is tried, so that how long it takes tells nothing.
    matches: (text, digest) =>
      keys.filter((key) => equalSecrets(under(key, text), digest)).length > 0,
  };
}
