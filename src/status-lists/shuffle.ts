import { createCipheriv } from 'node:crypto';

const BLOCK_BYTES = 16;
const DRAW_BYTES = 4;

/** Length of the secret that shuffles a list. */
export const SHUFFLE_KEY_BYTES = 16;

/**
 * The numbers 0 to `size - 1` in an order that only who has the key can know, and that is the same on all nodes:
 * a shuffle by Fisher and Yates whose chance is the stream of AES-128-CTR.
 */
export function shuffled(key: Uint8Array, size: number): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(BLOCK_BYTES));
  const draws = cipher.update(Buffer.alloc(size * DRAW_BYTES));
  for (let last = size - 1; last > 0; last -= 1) {
    // By the remainder no place is favoured by more than one in 4,096, for lists of a million.
    const chosen = draws.readUInt32LE(last * DRAW_BYTES) % (last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[chosen] ?? 0;
    order[chosen] = kept;
  }
  return order;
}
