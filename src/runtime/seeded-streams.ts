import { createCipheriv, hkdfSync } from 'node:crypto';

/** How many bytes each stream has given. */
export type StreamPositions = ReadonlyMap<string, number>;

/** Bytes that follow from a seed: one stream for each purpose, so that none shifts another. */
export interface SeededStreams {
  /** The next bytes of the stream for this purpose. */
  draw(purpose: string, bytes: number): Buffer;
  positions(): StreamPositions;
  /** Goes on from there, which may be before: what was drawn since is drawn again. */
  goTo(positions: StreamPositions): void;
}

const CIPHER = 'aes-256-ctr';
const KEY_BYTES = 32;
const BLOCK_BYTES = 16;
/** Of HKDF: these bytes are for nothing else. */
const SALT = 'latchkey seeded stream';

/** All streams at their beginning: the key stream of AES-256-CTR under a key from HKDF (RFC 5869). */
export function createSeededStreams(seed: string | Uint8Array): SeededStreams {
  let given = new Map<string, number>();
  return {
    draw(purpose, bytes) {
      const from = given.get(purpose) ?? 0;
      given.set(purpose, from + bytes);
      return keyStream(
        Buffer.from(hkdfSync('sha256', seed, SALT, purpose, KEY_BYTES)),
        from,
        bytes,
      );
    },
    positions: () => new Map(given),
    goTo(positions) {
      given = new Map(positions);
    },
  };
}

function keyStream(key: Buffer, from: number, bytes: number): Buffer {
  const counter = Buffer.alloc(BLOCK_BYTES);
  counter.writeBigUInt64BE(BigInt(Math.floor(from / BLOCK_BYTES)), BLOCK_BYTES - 8);
  const ahead = from % BLOCK_BYTES;
  return createCipheriv(CIPHER, key, counter)
    .update(Buffer.alloc(ahead + bytes))
    .subarray(ahead);
}
