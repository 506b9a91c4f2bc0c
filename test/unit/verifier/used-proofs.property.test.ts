import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createUsedProofs } from '../../../verifier/src/used-proofs.ts';
import { rounds } from '../../support/counts.ts';

const LIFE = 20;

/** Proofs as they come: with the clock moving on, old ones, ones from the future, and the same ones again. */
const arrivals = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 30 }).map(String),
    age: fc.integer({ min: -5, max: LIFE }),
    step: fc.integer({ min: -3, max: 8 }),
  }),
  { maxLength: 200 },
);

describe('the memory of used proofs', () => {
  test('lets no proof through twice, however few it may hold and wherever the clock goes', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 12 }), (all, max) => {
        const used = createUsedProofs(max);
        const accepted = new Set<string>();
        let now = 1000;
        for (const { id, age, step } of all) {
          now += step;
          const issuedAt = now - age;
          // The same proof has the same time in it, always.
          const proof = `${id}@${issuedAt}`;
          if (!used.use({ id: proof, issuedAt }, now - LIFE)) continue;
          expect(accepted.has(proof)).toBe(false);
          accepted.add(proof);
          expect(used.size()).toBeLessThanOrEqual(max);
        }
      }),
      { numRuns: rounds(300, 5000) },
    );
  });

  test('lets every fresh proof through while it has room', () => {
    const used = createUsedProofs(100);
    for (let n = 0; n < 1000; n += 1) {
      expect(used.use({ id: String(n), issuedAt: n }, n - LIFE)).toBe(true);
    }
    expect(used.size()).toBeLessThanOrEqual(LIFE + 2);
  });

  test('that is full refuses what was made early, and goes on with what is new', () => {
    const used = createUsedProofs(3);
    for (const issuedAt of [5, 6, 7]) {
      expect(used.use({ id: `at ${issuedAt}`, issuedAt }, 0)).toBe(true);
    }
    expect(used.use({ id: 'new', issuedAt: 8 }, 0)).toBe(true);
    expect(used.use({ id: 'at 5', issuedAt: 5 }, 0)).toBe(false);
    expect(used.use({ id: 'slow', issuedAt: 5 }, 0)).toBe(false);
    expect(used.use({ id: 'slow', issuedAt: 6 }, 0)).toBe(false);
    expect(used.use({ id: 'newer', issuedAt: 9 }, 0)).toBe(true);
  });
});
