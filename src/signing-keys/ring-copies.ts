import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../runtime/json.ts';
import type { Logger } from '../runtime/logger.ts';
import { FileNotPrivate, readPrivateFile, writePrivateFile } from '../runtime/private-files.ts';
import type { Sealer } from '../runtime/sealing.ts';
import { decodeRing, encodeRing, type RingIdentity } from './ring-codec.ts';
import { RING_ALGORITHMS, type Ring } from './ring.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

/** What lies in the place of a ring. */
export type FoundRing =
  | { readonly kind: 'ring'; readonly ring: Ring }
  | { readonly kind: 'absent' }
  | { readonly kind: 'broken'; readonly reason: string };

/** The last good copy of each ring, on this node's disk, sealed as in state. */
export interface RingCopies {
  /** The file of a ring's copy. */
  path(algorithm: KeyAlgorithm): string;
  read(algorithm: KeyAlgorithm): Promise<FoundRing>;
  /** False: the folder cannot be written. Says so in the log once, and goes on. */
  write(ring: Ring): Promise<boolean>;
}

/** Copies in `folder`, which may be missing or read-only. */
export function createRingCopies(options: {
  readonly folder: string;
  readonly namespace: string;
  readonly sealer: Sealer;
  readonly logger: Logger;
}): RingCopies {
  const { folder, namespace, sealer, logger } = options;
  const path = (algorithm: KeyAlgorithm): string => fileOf(folder, namespace, algorithm);
  let warned = false;

  return {
    path,
    read: (algorithm) => readRingFile(path(algorithm), { namespace, algorithm }, sealer),
    async write(ring) {
      const text = `${JSON.stringify(encodeRing(ring, namespace, sealer))}\n`;
      try {
        await writePrivateFile(path(ring.algorithm), text);
        return true;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (!warned)
          logger.warn(
            { event: 'key.copy_failed', folder, error },
            'cannot keep a copy of the signing keys here: a loss of the state would be noticed by other nodes only',
          );
        warned = true;
        return false;
      }
    },
  };
}

/**
 * Removes every copy of an issuer's rings: what they would be held against was set back on purpose. To be called while
 * no ring is open.
 */
export async function removeRingCopies(folder: string, namespace: string): Promise<void> {
  for (const algorithm of RING_ALGORITHMS)
    await rm(fileOf(folder, namespace, algorithm), { force: true });
}

function fileOf(folder: string, namespace: string, algorithm: KeyAlgorithm): string {
  return join(folder, `ring-${namespace}-${algorithm}.json`);
}

/** The ring in a file that was written as a copy. */
export async function readRingFile(
  path: string,
  identity: RingIdentity,
  sealer: Sealer,
): Promise<FoundRing> {
  const bytes = await readPrivateFile(path).catch(unreadable);
  if (bytes === undefined) return { kind: 'absent' };
  if (typeof bytes === 'string') return { kind: 'broken', reason: bytes };
  const value = parse(bytes.toString('utf8'));
  const ring =
    value === undefined
      ? 'it is not JSON, or only a part of it'
      : decodeRing(value, identity, sealer);
  return typeof ring === 'string' ? { kind: 'broken', reason: ring } : { kind: 'ring', ring };
}

/** A copy that is there but cannot be read is not the same as none: only none allows new keys. */
function unreadable(error: NodeJS.ErrnoException): string | undefined {
  if (error instanceof FileNotPrivate) throw error;
  return error.code === 'ENOTDIR' ? undefined : `it cannot be read: ${error.message}`;
}

function parse(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
