import { describe, expect, test } from 'vitest';
import { createPace } from '../../../verifier/src/pace.ts';

const START = 1_800_000_000;
const LATE_MS = 1500;

function connection() {
  const time = { wallMs: START * 1000, monotonicMs: 0 };
  const clock = { wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs };
  const pace = createPace(clock, () => LATE_MS);
  return {
    pass(ms: number) {
      time.wallMs += ms;
      time.monotonicMs += ms;
    },
    sleep: (ms: number) => void (time.wallMs += ms),
    /** Milliseconds since which the word knows; undefined: it is not of now. */
    hear(sentSeconds: number): number | undefined {
      const since = pace.knownSince({ sentMs: sentSeconds * 1000 });
      return since && time.wallMs - since.wallMs;
    },
  };
}

describe('a word of the feed', () => {
  test('is of now when it comes in its time', () => {
    const { pass, hear } = connection();
    pass(10);
    expect(hear(START)).toBe(10);
    for (let second = 1; second < 100; second += 1) {
      pass(1000);
      expect(hear(START + second)).toBe(0);
    }
  });

  test('that comes first was said after it was asked for, and is believed from then', () => {
    const { pass, hear } = connection();
    pass(2500);
    expect(hear(START)).toBe(2500);
  });

  test.each([2000, 5000])('that was there when a process woke after %i ms is not', (ms) => {
    const { pass, hear } = connection();
    hear(START);
    pass(ms);
    expect(hear(START)).toBeUndefined();
  });

  test('that was there when a machine woke, whose forward clock stood still, is not', () => {
    const { sleep, hear } = connection();
    hear(START);
    sleep(5000);
    expect(hear(START)).toBeUndefined();
  });

  test('that lies longer and longer on its way is not, when it is late by more than it may be', () => {
    const { pass, hear } = connection();
    hear(START);
    let second = 0;
    do {
      second += 1;
      pass(1400);
    } while (hear(START + second) !== undefined);
    expect(second * 0.4).toBeLessThan(2);
  });
});
