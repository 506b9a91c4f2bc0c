import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeUse, rotate, type RefreshChain } from '../../../src/provider/store/refresh-chain.ts';

const FIRST: RefreshChain = {
  kind: 'RefreshToken',
  payload: {},
  live: 't0',
  previous: undefined,
  rotatedAtMs: 0,
  superseded: [],
  mark: 'm',
};

interface Step {
  /** Which of the tokens given out so far is used: 0 the newest. */
  readonly back: number;
  readonly afterMs: number;
}

const steps = fc.array(fc.record({ back: fc.nat({ max: 6 }), afterMs: fc.nat({ max: 15_000 }) }), {
  maxLength: 30,
});

/** What happens to a chain whose tokens are used in some order; ends at the first reuse. */
function play(
  window: number,
  script: readonly Step[],
  check: (state: {
    chain: RefreshChain;
    given: readonly string[];
    used: ReadonlySet<string>;
  }) => void,
): void {
  let chain = FIRST;
  let nowMs = 1_000_000;
  const given = [FIRST.live];
  const used = new Set<string>();
  for (const { back, afterMs } of script) {
    nowMs += afterMs;
    const token = given.at(-1 - Math.min(back, given.length - 1)) ?? '';
    const use = judgeUse(chain, token, { nowMs, windowSeconds: window });
    if (use === 'reused') {
      expect(used.has(token)).toBe(true);
      return;
    }
    if (use === 'superseded') {
      expect(used.has(token)).toBe(false);
      continue;
    }
    const live = `t${given.length}`;
    chain = rotate(chain, use, { live, payload: {}, nowMs, mark: 'm' });
    used.add(token);
    given.push(live);
    check({ chain, given, used });
  }
}

test('at every moment exactly one token of a chain is live: the one given out last', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 }), steps, (window, script) => {
      play(window, script, ({ chain, given }) => {
        expect(chain.live).toBe(given.at(-1));
        const now = { nowMs: chain.rotatedAtMs, windowSeconds: window };
        const live = given.filter((token) => judgeUse(chain, token, now) === 'live');
        expect(live).toEqual([given.at(-1)]);
      });
    }),
  );
});

test('without a window no used token leads to another', () => {
  fc.assert(
    fc.property(steps, (script) => {
      play(0, script, ({ chain, used }) => {
        for (const token of used)
          expect(judgeUse(chain, token, { nowMs: chain.rotatedAtMs, windowSeconds: 0 })).toBe(
            'reused',
          );
      });
    }),
  );
});

test('a token that was answered but never used is no sign of theft, whenever it turns up', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (script, laterMs) => {
      play(10, script, ({ chain, given, used }) => {
        const now = { nowMs: chain.rotatedAtMs + laterMs, windowSeconds: 10 };
        for (const token of given.filter((one) => !used.has(one) && one !== chain.live))
          expect(judgeUse(chain, token, now)).toBe('superseded');
      });
    }),
  );
});

test('a repetition does not lengthen its window', () => {
  const used = rotate(FIRST, 'live', { live: 't1', payload: {}, nowMs: 1000, mark: 'm' });
  const repeated = rotate(used, 'repeated', { live: 't2', payload: {}, nowMs: 9000, mark: 'm' });
  expect(judgeUse(repeated, 't0', { nowMs: 11_000, windowSeconds: 10 })).toBe('repeated');
  expect(judgeUse(repeated, 't0', { nowMs: 11_001, windowSeconds: 10 })).toBe('reused');
});

test('a token that nobody gave out is taken for a used one', () => {
  expect(judgeUse(FIRST, 'forged', { nowMs: 0, windowSeconds: 10 })).toBe('reused');
});
