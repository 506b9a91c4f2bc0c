import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Sealer } from '../runtime/sealing.ts';

const PURPOSE = 'access-token-encryption';
/** RFC 3394: without a nonce, so that there is no limit to how many keys may be wrapped. */
const KEY_WRAP = 'id-aes256-wrap';
const INITIAL_VALUE = Buffer.alloc(8, 0xa6);
const KEY_BYTES = 32;

/** Keys of encrypted access tokens, wrapped so that the nodes of this installation can use them, too. */
export interface ContentKeys {
  /** As base64url. `key` has 32 bytes. */
  wrap(key: Uint8Array): string;
  /** Undefined: it was not wrapped here, or under a master key that is gone. */
  unwrap(wrapped: string): Buffer | undefined;
}

/** Under keys made of the master keys; the first wraps, the others still unwrap. */
export function createContentKeys(sealer: Pick<Sealer, 'keysFor'>): ContentKeys {
  const keys = sealer.keysFor(PURPOSE);
  return {
    wrap(key) {
      const cipher = createCipheriv(KEY_WRAP, keys[0], INITIAL_VALUE);
      return Buffer.concat([cipher.update(key), cipher.final()]).toString('base64url');
    },
    unwrap(wrapped) {
      const bytes = Buffer.from(wrapped, 'base64url');
      return keys.map((key) => unwrapWith(key, bytes)).find((key) => key?.length === KEY_BYTES);
    },
  };
}

function unwrapWith(key: Uint8Array, wrapped: Buffer): Buffer | undefined {
  try {
    const decipher = createDecipheriv(KEY_WRAP, key, INITIAL_VALUE);
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    return undefined;
  }
}
