import type { Clock } from '../runtime/clock.ts';
import { sha256 } from '../runtime/digest.ts';
import type { Records } from '../storage/records.ts';
import { someHashes } from './account-queries.ts';
import { decoyOf, isKnownHash } from './hash-formats.ts';

/** What nobody's password is held against. */
export interface Decoys {
  /** The same for the same name, for a while; undefined: a hash of the configured cost will do. */
  of(login: string): Promise<string | undefined>;
}

const SAMPLE_MAX = 256;
const FRESH_SECONDS = 600;

/**
 * While hashes of other systems, or of an earlier cost, are waiting for their owners' next sign-in, a name costs what
 * its hash costs. So a name that is nobody's costs what that of somebody costs: drawn by a digest of the name from a
 * sample of what is stored, in the shares in which it is stored.
 */
export function createDecoys({
  records,
  clock,
  secret,
}: {
  readonly records: Records;
  readonly clock: Clock;
  /** Keeps strangers from knowing which decoy a name has. */
  readonly secret: string;
}): Decoys {
  let sample: readonly string[] = [];
  let freshUntil = -Infinity;

  return {
    async of(login) {
      if (clock.now() >= freshUntil) {
        freshUntil = clock.now() + FRESH_SECONDS;
        // Ids are random, so the first ones are a sample like any other.
        const rows = await records.all(someHashes(records.queries, SAMPLE_MAX));
        sample = rows
          .map(({ password_hash: hash }) => hash)
          .filter((hash) => hash !== null && isKnownHash(hash))
          .map((hash) => decoyOf(String(hash)));
      }
      if (sample.length === 0) return undefined;
      const drawn = Buffer.from(sha256(`${secret} ${login}`), 'base64url').readUInt32BE();
      return sample[drawn % sample.length];
    },
  };
}
