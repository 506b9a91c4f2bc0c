import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  compressed,
  createStatusArray,
  type StatusArray,
  type StatusBits,
} from '../../../src/status-lists/status-array.ts';
import { VECTORS } from './vectors.ts';

const SIZE = 2 ** 20;

function arrayOf(
  size: number,
  bits: StatusBits,
  statuses: ReadonlyMap<number, number>,
): StatusArray {
  const array = createStatusArray(size, bits);
  for (const [index, status] of statuses) array.set(index, status);
  return array;
}

function inflated(lst: string): Buffer {
  return inflateSync(Buffer.from(lst, 'base64url'));
}

describe('the vectors of draft-ietf-oauth-status-list', () => {
  test.each(VECTORS)(
    '$name: the statuses make the bytes of the draft',
    ({ bits, statuses, lst }) => {
      expect(inflated(lst).equals(arrayOf(SIZE, bits, statuses).bytes)).toBe(true);
    },
  );

  test.each(VECTORS)(
    '$name: the bytes of the draft say the statuses',
    ({ bits, statuses, lst }) => {
      const array = createStatusArray(SIZE, bits);
      array.bytes.set(inflated(lst));
      const found = Array.from({ length: SIZE }, (_, index) => index).filter((index) =>
        array.get(index),
      );
      const expected = [...statuses].filter(([, status]) => status !== 0).map(([index]) => index);
      expect(found).toEqual(expected.toSorted((one, other) => one - other));
      for (const [index, status] of statuses) expect(array.get(index)).toBe(status);
    },
  );

  test.each(VECTORS)(
    '$name: what is compressed is a ZLIB stream of the same bytes',
    async (vector) => {
      const { bytes } = arrayOf(SIZE, vector.bits, vector.statuses);
      const lst = await compressed(bytes);
      expect(lst).toMatch(/^[\w-]+$/u);
      expect(inflated(lst).equals(bytes)).toBe(true);
      // Another zlib finds other matches at the same level; none may be much worse.
      expect(lst.length).toBeLessThan(vector.lst.length * 1.1);
    },
  );

  test('section 4.1: sixteen statuses of one bit, to the letter', async () => {
    const statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
    const { bytes } = arrayOf(16, 1, new Map(statuses.entries()));
    expect([...bytes]).toEqual([0xb9, 0xa3]);
    expect(await compressed(bytes)).toBe('eNrbuRgAAhcBXQ');
  });

  test('section 4.1: twelve statuses of two bits, to the letter', async () => {
    const statuses = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
    const { bytes } = arrayOf(12, 2, new Map(statuses.entries()));
    expect([...bytes]).toEqual([0xc9, 0x44, 0xf9]);
    expect(await compressed(bytes)).toBe('eNo76fITAAPfAgc');
  });
});

describe('an array of statuses', () => {
  test('tells whether a status changed', () => {
    const array = createStatusArray(8);
    expect([array.set(3, 1), array.set(3, 1), array.set(3, 0)]).toEqual([true, false, true]);
  });

  test('a status changes none of its neighbours', () => {
    const array = createStatusArray(16, 4);
    for (let index = 0; index < 16; index += 1) array.set(index, index);
    array.set(7, 0);
    const all = Array.from({ length: 16 }, (_, index) => array.get(index));
    expect(all).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  test.each([-1, 8, 1.5])('there is no index %d', (index) => {
    expect(() => createStatusArray(8).set(index, 1)).toThrow(RangeError);
  });

  test('a status that needs more bits is refused', () => {
    expect(() => createStatusArray(8).set(0, 2)).toThrow(RangeError);
  });
});
