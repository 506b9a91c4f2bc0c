import { promisify } from 'node:util';
import { constants, deflate } from 'node:zlib';

/** Bits that one status takes (section 4.1). */
export type StatusBits = 1 | 2 | 4 | 8;

/** The status of a token that is good. */
export const VALID = 0;
/** The status of a token that was taken back. */
export const INVALID = 1;

/** Statuses side by side, from the least significant bit of each byte on (section 4.1). */
export interface StatusArray {
  /** True: it was another one. */
  set(index: number, status: number): boolean;
  get(index: number): number;
  readonly bytes: Uint8Array;
}

const BITS_OF_BYTE = 8;
const compress = promisify(deflate);

/** All of them VALID. `size` is a multiple of 8. */
export function createStatusArray(size: number, bits: StatusBits = 1): StatusArray {
  const bytes = new Uint8Array((size * bits) / BITS_OF_BYTE);
  const mask = 2 ** bits - 1;

  function check(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= size)
      throw new RangeError(`a list of ${size} has no index ${index}`);
  }

  function get(index: number): number {
    check(index);
    const bit = index * bits;
    return ((bytes[bit >>> 3] ?? 0) >>> (bit & 7)) & mask;
  }

  return {
    bytes,
    get,
    set(index, status) {
      if (get(index) === status) return false;
      if ((status & mask) !== status)
        throw new RangeError(`${status} needs more than ${bits} bits`);
      const bit = index * bits;
      const others = (bytes[bit >>> 3] ?? 0) & ~(mask << (bit & 7));
      bytes[bit >>> 3] = others | (status << (bit & 7));
      return true;
    },
  };
}

/** The member `lst`: DEFLATE in the ZLIB format, at the highest level, in base64url (sections 4.1 and 4.2). */
export async function compressed(bytes: Uint8Array): Promise<string> {
  const zlib: Buffer = await compress(bytes, { level: constants.Z_BEST_COMPRESSION });
  return zlib.toString('base64url');
}
