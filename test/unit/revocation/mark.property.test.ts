import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextEpoch } from '../../../src/revocation/epoch.ts';
import { markText, parseMark } from '../../../src/revocation/mark.ts';
import { rounds } from '../../support/counts.ts';

const runs = { numRuns: rounds(300, 10_000) };
const water = fc.record({
  id: fc.constant('1-x'),
  generation: fc.integer({ min: 1, max: 1000 }),
  offset: fc.integer({ min: 0, max: 10_000 }),
  number: fc.integer({ min: 0, max: 10_000 }),
});

describe('a mark', () => {
  test('comes back from its text as it was', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(water), (number, known) => {
        const { id, generation } = nextEpoch(known);
        expect(parseMark(markText(id, number))).toEqual({ epoch: id, generation, number });
      }),
      runs,
    );
  });

  test.each(['', '1', '1-a', '1-a.', '.1', '0-a.1', '1-a.1.2', '1-a.-1', '1-a.1 ', 'x-a.1'])(
    'is not `%s`',
    (text) => {
      expect(parseMark(text)).toBeUndefined();
    },
  );
});

describe('the next epoch', () => {
  test('is later than all that is known, and its numbers go on behind all numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.option(water, { nil: undefined })), (known) => {
        const { generation, offset } = nextEpoch(known);
        for (const one of known) {
          expect(generation).toBeGreaterThan(one?.generation ?? 0);
          expect(offset).toBeGreaterThanOrEqual(Math.max(one?.number ?? 0, one?.offset ?? 0));
        }
      }),
      runs,
    );
  });
});
