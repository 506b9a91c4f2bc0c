import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { createSeededStreams, type SeededStreams } from './seeded-streams.ts';

const UUID_BYTES = 16;
const FRACTIONS = 1_000_000;
const FRACTION_BYTES = 6;

/** Of the whole process, like its `Date`: rooms draw from wherever they stand. */
let streams: SeededStreams | undefined;

/**
 * From now on everything that is drawn for a purpose follows from `seed`, until `close`. For the dev profile alone.
 *
 * @throws {TypeError} when the process has a seed already.
 */
export function beginSeed(
  seed: string,
): Pick<SeededStreams, 'goTo' | 'positions'> & { readonly close: () => void } {
  if (streams !== undefined)
    throw new TypeError('the randomness of this process has a seed already');
  const begun = createSeededStreams(seed);
  streams = begun;
  return {
    ...begun,
    close() {
      streams = undefined;
    },
  };
}

/** Whether what is drawn for a purpose can be foretold. */
export function isSeeded(): boolean {
  return streams !== undefined;
}

/**
 * Random bytes. With a `purpose` they follow from the seed, where the process has one (decision 0041): for what a test
 * of an app may look at, and for nothing that is drawn by a job at its own time.
 */
export function drawBytes(bytes: number, purpose?: string): Buffer {
  return streams !== undefined && purpose !== undefined
    ? streams.draw(purpose, bytes)
    : randomBytes(bytes);
}

/** `bytes` random bytes as base64url: 16 bytes (128 bit) name a thing, 32 bytes are a secret. */
export function randomId(bytes = 16, purpose?: string): string {
  return drawBytes(bytes, purpose).toString('base64url');
}

/** A UUID of version 4 (RFC 9562 section 5.4), where a protocol wants that form of a name. */
export function randomUuid(purpose?: string): string {
  if (streams === undefined || purpose === undefined) return randomUUID();
  const bytes = streams.draw(purpose, UUID_BYTES);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** From 0 to below 1: for pauses that nobody can predict, and to choose. */
export function randomFraction(purpose?: string): number {
  return streams !== undefined && purpose !== undefined
    ? streams.draw(purpose, FRACTION_BYTES).readUIntBE(0, FRACTION_BYTES) /
        2 ** (8 * FRACTION_BYTES)
    : randomInt(FRACTIONS) / FRACTIONS;
}
