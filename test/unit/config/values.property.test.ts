import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytes, duration } from '../../../src/config/values.ts';
import { rounds } from '../../support/counts.ts';

const numRuns = rounds(500, 50_000);
const count = fc.integer({ min: 0, max: 999_999 });

test('a duration is its count times its unit', () => {
  const unit = fc.constantFrom(['s', 1], ['m', 60], ['h', 3600], ['d', 86_400] as const);
  fc.assert(
    fc.property(count, unit, (many, [name, seconds]) => {
      expect(duration('1s').parse(`${many}${name}`)).toBe(many * seconds);
    }),
    { numRuns },
  );
});

test('a size is its count times its unit', () => {
  const unit = fc.constantFrom(['B', 0], ['KB', 10], ['MB', 20], ['GB', 30] as const);
  fc.assert(
    fc.property(count, unit, (many, [name, power]) => {
      expect(bytes('1B').parse(`${many}${name}`)).toBe(many * 2 ** power);
    }),
    { numRuns },
  );
});

test('any other text is refused, and never becomes a number', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^\d{1,6}(?:[smhd]|B|KB|MB|GB)$/.test(text));
      expect(duration('1s').safeParse(text).success).toBe(false);
      expect(bytes('1B').safeParse(text).success).toBe(false);
    }),
    { numRuns },
  );
});
