import { LatchkeyError } from '../runtime/errors.ts';

/** The bytes are not DER (ITU-T X.690), or not what was expected of them. */
export class BadEncoding extends LatchkeyError {
  readonly code = 'ERR_BAD_ENCODING';
}

/** One value of DER. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  /** With its tag and length. */
  readonly bytes: Buffer;
}

/** Tags of the universal class, and of context classes as certificates use them. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const MULTI_BYTE_TAG = 0x1f;
const LONG_FORM = 0x80;
const LENGTH_BYTES_MAX = 4;

/** The values that `bytes` hold, one after another. @throws {BadEncoding} unless they are DER to the last byte. */
export function readDer(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const value = readFirst(rest);
    values.push(value);
    rest = rest.subarray(value.bytes.length);
  }
  return values;
}

/** The members of a constructed value. @throws {BadEncoding} when it is not of `tag`. */
export function membersOf(
  value: DerValue | undefined,
  tag: number = TAG.sequence,
): readonly DerValue[] {
  return readDer(contentOf(value, tag));
}

/** What `value` holds. @throws {BadEncoding} when it is not there, or not of `tag`. */
export function contentOf(value: DerValue | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw new BadEncoding(`expected a value of tag ${tag}`);
  return value.content;
}

/** An OBJECT IDENTIFIER in its dotted form. @throws {BadEncoding} */
export function oidOf(value: DerValue | undefined): string {
  const numbers: number[] = [];
  let number = 0;
  let isWhole = true;
  for (const byte of contentOf(value, TAG.oid)) {
    number = number * 0x80 + (byte & 0x7f);
    isWhole = byte < 0x80;
    if (!isWhole) continue;
    numbers.push(number);
    number = 0;
  }
  const [first] = numbers;
  if (first === undefined || !isWhole)
    throw new BadEncoding('an object identifier that breaks off');
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...numbers.slice(1)].join('.');
}

function readFirst(bytes: Buffer): DerValue {
  const [tag = 0, first = LONG_FORM] = bytes;
  if ((tag & MULTI_BYTE_TAG) === MULTI_BYTE_TAG) throw new BadEncoding('a tag of several bytes');
  const more = first < LONG_FORM ? 0 : first - LONG_FORM;
  const start = 2 + more;
  if (bytes.length < start) throw new BadEncoding('a value that breaks off');
  const length = first < LONG_FORM ? first : longLength(bytes.subarray(2, start));
  const end = start + length;
  if (bytes.length < end) throw new BadEncoding('a value that breaks off');
  return { tag, content: bytes.subarray(start, end), bytes: bytes.subarray(0, end) };
}

/** In as few bytes as it can be: else two readers could each see another value. */
function longLength(bytes: Buffer): number {
  if (bytes.length === 0 || bytes.length > LENGTH_BYTES_MAX)
    throw new BadEncoding('a length that is not known, or beyond reason');
  const length = bytes.readUIntBE(0, bytes.length);
  if (bytes[0] === 0 || length < LONG_FORM)
    throw new BadEncoding('a length that is not the shortest');
  return length;
}
