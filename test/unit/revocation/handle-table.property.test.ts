import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf, digestText, parseDigest } from '../../../src/revocation/digest.ts';
import { createHandleTable } from '../../../src/revocation/handle-table.ts';
import { rounds } from '../../support/counts.ts';

const runs = { numRuns: rounds(300, 10_000) };

/** Few values of `low`, all in one corner of the table, so that probes collide and wrap around its end. */
const digest = fc.record({
  high: fc.integer({ min: 0, max: 3 }),
  low: fc.oneof(fc.integer({ min: 1018, max: 1023 }), fc.integer({ min: 0, max: 4 })),
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ digest, expiresAt: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ sweepAt: fc.integer({ min: 0, max: 60 }) }) },
);

describe('the table of revoked handles', () => {
  test('behaves like a map whose entries expire, however its slots collide', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = createHandleTable();
        const model = new Map<string, { number: number; expiresAt: number }>();
        for (const [index, one] of steps.entries()) {
          if ('sweepAt' in one) {
            // Twice around: what closes a hole may move into a part that was swept already.
            for (let n = 0; n < 2; n += 1) table.sweep(one.sweepAt, 1024);
            for (const [key, { expiresAt }] of model) {
              if (expiresAt < one.sweepAt) model.delete(key);
            }
            continue;
          }
          const number = index + 1;
          const key = digestText(one.digest);
          table.set({ ...one.digest, number, expiresAt: one.expiresAt, tellUntil: 0 });
          const expiresAt = Math.max(one.expiresAt, model.get(key)?.expiresAt ?? 0);
          model.set(key, { number, expiresAt });
        }
        expect(table.size()).toBe(model.size);
        for (const [key, { number }] of model) {
          expect(table.numberOf(parseDigest(key))).toBe(number);
        }
        expect([...table.copy()].map((one) => [digestText(one), one.number])).toEqual(
          expect.arrayContaining([...model].map(([key, { number }]) => [key, number])),
        );
      }),
      runs,
    );
  });

  test('grows, forgets, and gives its memory back', () => {
    const table = createHandleTable();
    const empty = table.bytes();
    const count = rounds(20_000, 200_000);
    for (let n = 1; n <= count; n += 1) {
      table.set({
        ...digestOf('token', `${n}`),
        number: n,
        expiresAt: 100,
        tellUntil: 0,
      });
    }
    expect(table.size()).toBe(count);
    expect(table.bytes()).toBeGreaterThan(empty);
    for (let n = 0; n < 200; n += 1) table.sweep(101, 100_000);
    expect(table.size()).toBe(0);
    expect(table.bytes()).toBe(empty);
  });

  test('a copy does not change with the table', () => {
    const table = createHandleTable();
    table.set({ high: 1, low: 1, number: 1, expiresAt: 10, tellUntil: 0 });
    const copy = table.copy();
    table.set({ high: 2, low: 2, number: 2, expiresAt: 10, tellUntil: 0 });
    expect([...copy]).toHaveLength(1);
  });

  test('holds a million live revocations in less than 64 MB', () => {
    const table = createHandleTable();
    for (let n = 1; n <= 1_000_000; n += 1) {
      // Spread like a digest without the time that a million of them would take.
      const low = Math.imul(n, 0x9e3779b1) >>> 0;
      const high = Math.imul(n, 0x85ebca6b) >>> 0;
      table.set({ high, low, number: n, expiresAt: 2e9, tellUntil: 2e9 });
    }
    expect(table.size()).toBe(1_000_000);
    expect(table.bytes()).toBeLessThan(64 * 1024 ** 2);
  });
});

describe('a digest', () => {
  test('comes back from its halves as it was', () => {
    fc.assert(
      fc.property(fc.string(), (handle) => {
        const one = digestOf('grant', handle);
        expect(parseDigest(digestText(one))).toEqual(one);
      }),
      runs,
    );
  });

  test('of one handle differs by kind', () => {
    expect(digestOf('grant', 'a')).not.toEqual(digestOf('session', 'a'));
  });

  // echo -n 'client:web' | sha256sum
  test('is the beginning of SHA-256 over kind and handle', () => {
    expect(digestText(digestOf('client', 'web'))).toBe('cbd7561f96fa88d8');
  });
});
