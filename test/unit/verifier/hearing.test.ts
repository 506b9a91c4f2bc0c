import { describe, expect, test } from 'vitest';
import { createHearing } from '../../../verifier/src/hearing.ts';

const START = 1_800_000_000;

function hearingAt() {
  const time = { wallMs: START * 1000, monotonicMs: 0 };
  const clock = { wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs };
  const hearing = createHearing(clock);
  const word = (issuedAt: number) =>
    ({ issuedAt, epoch: '1-a', generation: 1, number: 1, cursor: 'c' }) as const;
  return {
    hearing,
    time,
    pass(seconds: number) {
      time.wallMs += seconds * 1000;
      time.monotonicMs += seconds * 1000;
    },
    /** False: the word was not believed. */
    say(issuedAt: number): boolean {
      try {
        hearing.assertNew(word(issuedAt));
      } catch {
        return false;
      }
      hearing.hear(word(issuedAt));
      hearing.know({ ...time });
      return true;
    },
  };
}

describe('the silence of the feed', () => {
  test('is told while the machine slept, when its forward clock stood still', () => {
    const { hearing, time, say } = hearingAt();
    say(START);
    time.wallMs += 60_000;
    expect(hearing.silentForMs()).toBe(60_000);
  });

  test('is told when the wall clock was set back meanwhile', () => {
    const { hearing, time, say } = hearingAt();
    say(START);
    time.wallMs -= 300_000;
    time.monotonicMs += 5000;
    expect(hearing.silentForMs()).toBe(5000);
  });

  test('does not depend on how far the clocks of issuer and verifier differ', () => {
    for (const offset of [-300, 0, 300]) {
      const { hearing, pass, say } = hearingAt();
      expect(say(START + offset)).toBe(true);
      pass(1);
      expect(say(START + offset + 1)).toBe(true);
      expect(hearing.silentForMs()).toBe(0);
    }
  });
});

describe('a recording of the feed', () => {
  test('that is played over and over is believed for two minutes, and then never again', () => {
    const { pass, say } = hearingAt();
    expect(say(START)).toBe(true);
    const believed = Array.from({ length: 3600 }, () => {
      pass(1);
      return say(START);
    });
    expect(believed.lastIndexOf(true)).toBeLessThan(121);
    // The issuer itself is believed again at once.
    expect(say(START + 3600)).toBe(true);
  });

  test('from before the newest word is not believed', () => {
    const { say } = hearingAt();
    expect(say(START)).toBe(true);
    expect(say(START - 61)).toBe(false);
    expect(say(START - 30)).toBe(true);
  });

  test('is not what an issuer sounds like whose clock was set back five minutes: it is believed in ten', () => {
    const { pass, say } = hearingAt();
    expect(say(START)).toBe(true);
    let seconds = 0;
    while (!say(START - 300 + seconds)) {
      seconds += 1;
      pass(1);
    }
    expect(seconds).toBeLessThan(600);
  });
});
