import type { Json } from '../../runtime/json.ts';

/** Printable ASCII without spaces and braces (which Redis Cluster reads as hash tags), 1 to 512 bytes. */
const KEY = /^[!-z|~]{1,512}$/;
const VALUE_BYTES_MAX = 256 * 1024;

/** Gives the key back. @throws {TypeError} when the state contract does not allow it. */
export function checkKey(key: string): string {
  if (!KEY.test(key)) throw new TypeError('a state key must be 1 to 512 bytes of printable ASCII');
  return key;
}

/** The value as JSON text. @throws {TypeError} when it is none, or is larger than the contract allows. */
export function encodeValue(value: Json): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError('a state value must be JSON');
  // No text has more bytes than three for each of its UTF-16 units: most need no counting.
  if (text.length * 3 > VALUE_BYTES_MAX && Buffer.byteLength(text) > VALUE_BYTES_MAX) {
    throw new TypeError('a state value must be at most 256 KiB of JSON');
  }
  return text;
}
