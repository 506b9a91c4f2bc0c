import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nestingProblem, type Nesting } from '../../../src/groups/nesting.ts';

const name = fc.constantFrom(...Array.from({ length: 24 }, (_, n) => `g${n}`));
const nesting: fc.Arbitrary<Nesting> = fc.record({ inner: name, outer: name });

/** All that lies around `start`, with the longest way to each; Infinity for a circle. */
function longest(
  nestings: readonly Nesting[],
  start: string,
  seen: readonly string[] = [],
): number {
  if (seen.includes(start)) return Infinity;
  const outer = nestings.filter(({ inner }) => inner === start);
  return 1 + Math.max(0, ...outer.map((one) => longest(nestings, one.outer, [...seen, start])));
}

test('whatever is added one by one, groups go in no circle and lie no deeper than 16', () => {
  fc.assert(
    fc.property(fc.array(nesting, { maxLength: 30 }), (wanted) => {
      const kept: Nesting[] = [];
      for (const one of wanted) {
        const isFine = [one.inner, one.outer].every(
          (group) => longest([...kept, one], group) !== Infinity,
        );
        const problem = nestingProblem(kept, one);
        if (isFine) {
          const deepest = Math.max(
            ...[...kept, one].map(({ inner }) => longest([...kept, one], inner)),
          );
          expect(problem === undefined).toBe(deepest <= 16);
        } else expect(problem).toBeDefined();
        if (problem === undefined) kept.push(one);
      }
    }),
    { numRuns: 200 },
  );
});

test('a chain of 16 groups is as deep as it goes', () => {
  const chain = Array.from({ length: 15 }, (_, n) => ({ inner: `g${n}`, outer: `g${n + 1}` }));
  chain.forEach((one, n) => expect(nestingProblem(chain.slice(0, n), one)).toBeUndefined());
  expect(nestingProblem(chain, { inner: 'g15', outer: 'top' })).toMatch(/17 deep, 16 at most/);
  expect(nestingProblem(chain, { inner: 'bottom', outer: 'g0' })).toMatch(/17 deep, 16 at most/);
  expect(nestingProblem(chain, { inner: 'side', outer: 'g15' })).toBeUndefined();
});

test('circles of one, of two and of many are refused', () => {
  expect(nestingProblem([], { inner: 'a', outer: 'a' })).toBe('a group cannot be in itself');
  const two = [{ inner: 'a', outer: 'b' }];
  expect(nestingProblem(two, { inner: 'b', outer: 'a' })).toMatch(/circle/);
  const three = [...two, { inner: 'b', outer: 'c' }];
  expect(nestingProblem(three, { inner: 'c', outer: 'a' })).toMatch(/circle/);
});

test('a circle that two changes at once have made is no trap for whoever looks next', () => {
  const circle = [
    { inner: 'a', outer: 'b' },
    { inner: 'b', outer: 'a' },
  ];
  expect(nestingProblem(circle, { inner: 'c', outer: 'a' })).toBeUndefined();
});
