/** Just enough of DER (ITU-T X.690) to write a certificate. */

import { TAG } from '../client-certificates/der-reader.ts';

const LONG_FORM = 0x80;
const CONSTRUCTED_CONTEXT = 0xa0;
const PRIMITIVE_CONTEXT = 0x80;

/** A SEQUENCE of what is given, already encoded. */
export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(TAG.sequence, ...parts);

/** A SET of one. */
export const set = (part: Buffer): Buffer => tagged(TAG.set, part);

/** A constructed value under the context tag `number`. */
export const explicit = (number: number, part: Buffer): Buffer =>
  tagged(CONSTRUCTED_CONTEXT + number, part);

/** A primitive value under the context tag `number`. */
export const implicit = (number: number, bytes: Uint8Array): Buffer =>
  tagged(PRIMITIVE_CONTEXT + number, bytes);

/** BOOLEAN true; false is a default and as such never written. */
export const TRUE = Buffer.from([TAG.boolean, 1, 0xff]);

/** A positive INTEGER from its bytes, the highest first. */
export function integer(bytes: Uint8Array): Buffer {
  // A leading bit of 1 would make it negative.
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tagged(TAG.integer, isNegative ? Buffer.from([0, ...bytes]) : bytes);
}

/** A BIT STRING of whole bytes. */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  tagged(TAG.bitString, Buffer.from([unusedBits]), bytes);

/** An OCTET STRING. */
export const octetString = (bytes: Uint8Array): Buffer => tagged(TAG.octetString, bytes);

/** A UTF8String. */
export const utf8String = (text: string): Buffer => tagged(TAG.utf8String, Buffer.from(text));

/** A UTCTime, as RFC 5280 section 4.1.2.5 wants it until 2049, of a NumericDate. */
export function time(seconds: number): Buffer {
  const text = new Date(seconds * 1000).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tagged(TAG.utcTime, Buffer.from(text.slice(2)));
}

/** An OBJECT IDENTIFIER in its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(number: number): readonly number[] {
  const digits = [number & 0x7f];
  for (let left = number >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): readonly number[] {
  if (length < LONG_FORM) return [length];
  const digits = [length & 0xff];
  for (let left = length >>> 8; left > 0; left >>>= 8) digits.unshift(left & 0xff);
  return [LONG_FORM + digits.length, ...digits];
}
