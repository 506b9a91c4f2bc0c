import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shuffled } from '../../../src/status-lists/shuffle.ts';
import { rounds } from '../../support/counts.ts';

const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
const size = fc.integer({ min: 10, max: 14 }).map((bits) => 2 ** bits);
const runs = { numRuns: rounds(30, 1000) };

test('every index comes once', () => {
  fc.assert(
    fc.property(key, size, (secret, count) => {
      const order = shuffled(secret, count);
      expect(new Set(order).size).toBe(count);
      expect(Math.max(...order)).toBe(count - 1);
    }),
    runs,
  );
});

test('one key gives one order, on every node', () => {
  fc.assert(
    fc.property(key, (secret) => {
      expect(shuffled(secret, 1024)).toEqual(shuffled(Uint8Array.from(secret), 1024));
    }),
    runs,
  );
});

test('indices given out one after the other are no nearer to each other than any two', () => {
  // The mean distance of two random places in a line of length 1 is a third.
  const order = shuffled(Buffer.alloc(16, 7), 65_536);
  let sum = 0;
  for (let index = 1; index < order.length; index += 1)
    sum += Math.abs((order[index] ?? 0) - (order[index - 1] ?? 0));
  expect(sum / order.length / order.length).toBeCloseTo(1 / 3, 2);
});

test('another key gives another order', () => {
  const [one, other] = [shuffled(Buffer.alloc(16, 1), 1024), shuffled(Buffer.alloc(16, 2), 1024)];
  const same = one.filter((index, position) => other[position] === index).length;
  expect(same).toBeLessThan(10);
});
