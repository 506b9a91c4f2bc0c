import type { Json } from '../../runtime/json.ts';
import type { Entry, Version } from '../state.ts';
import { asText } from './replies.ts';

/** What keys are called in Redis: one letter tells apart what may share a name. */
export interface Names {
  entry(key: string): string;
  counter(key: string): string;
  set(key: string): string;
  log(key: string): string;
  channel(topic: string): string;
  /**
   * Where an attempt on `name` leaves its answer. The braces make Redis Cluster hash `name` alone, so that
   * both lie in one slot.
   */
  mark(name: string, attempt: string): string;
}

// Printable ASCII but for the space and the braces, which are the hash tag's.
const KEY = /^[!-z|~]{1,512}$/u;
const VALUE_BYTES_MAX = 256 * 1024;
const BYTES_PER_CODE_UNIT_MAX = 3;

export function createNames(prefix: string): Names {
  const named = (letter: string) => (key: string) => {
    if (!KEY.test(key)) {
      throw new TypeError('a key is 1 to 512 printable ASCII characters without spaces or braces');
    }
    return `${prefix}${letter}:${key}`;
  };
  return {
    entry: named('v'),
    counter: named('c'),
    set: named('s'),
    log: named('l'),
    channel: named('n'),
    mark: (name, attempt) => `{${name}}${attempt}`,
  };
}

/** The JSON text of `value`; a TypeError if that is too long. */
export function encodeValue(value: Json): string {
  const text = JSON.stringify(value);
  // Counting the bytes of a short text would cost more than sending it.
  if (
    text.length * BYTES_PER_CODE_UNIT_MAX > VALUE_BYTES_MAX &&
    Buffer.byteLength(text) > VALUE_BYTES_MAX
  ) {
    throw new TypeError('a value is at most 256 KiB of JSON');
  }
  return text;
}

/** An entry as Redis holds it: its version, a bar, its JSON. */
export function encodeEntry(version: Version, json: string): string {
  return `${version}|${json}`;
}

/** Reads what `GET` gives: null where nothing is. */
export function decodeEntry(answer: unknown): Entry | undefined {
  if (answer === null) return undefined;
  const text = asText(answer);
  const bar = text.indexOf('|');
  return { version: text.slice(0, bar), value: decodeValue(text.slice(bar + 1)) };
}

export function decodeValue(text: string): Json {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse gives nothing but Json.
  return JSON.parse(text) as Json;
}
