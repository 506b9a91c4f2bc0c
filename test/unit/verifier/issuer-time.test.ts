import { expect, test } from 'vitest';
import { createIssuerTime } from '../../../verifier/src/issuer-time.ts';

const NOW = 1_800_000_000_000;
const FIVE_MINUTES = 300_000;

function clockThatIs(aheadMs: number) {
  const time = { wallMs: NOW + aheadMs, monotonicMs: 0 };
  return {
    time,
    clock: { wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs },
    pass(ms: number) {
      time.wallMs += ms;
      time.monotonicMs += ms;
    },
  };
}

test.each([-FIVE_MINUTES, FIVE_MINUTES])(
  'a clock that is %i ms ahead is put right by the feed, and stays right between its words',
  (aheadMs) => {
    const { clock, time, pass } = clockThatIs(aheadMs);
    const issuer = createIssuerTime(clock);
    expect(issuer.nowMs()).toBe(NOW + aheadMs);
    issuer.hear(NOW, { ...time });
    expect(issuer.nowMs()).toBe(NOW);
    expect(issuer.aheadMs()).toBe(aheadMs);
    pass(200);
    expect(issuer.nowMs()).toBe(NOW + 200);
  },
);

test('a clock that is set back between two words does not make time go back', () => {
  const { clock, time } = clockThatIs(0);
  const issuer = createIssuerTime(clock);
  issuer.hear(NOW, { ...time });
  time.wallMs -= FIVE_MINUTES;
  time.monotonicMs += 200;
  expect(issuer.nowMs()).toBe(NOW + 200);
});

test('an issuer that is an hour away is not believed: its clock is as likely the wrong one', () => {
  const { clock, time } = clockThatIs(0);
  const issuer = createIssuerTime(clock);
  issuer.hear(NOW + 3_600_000, { ...time });
  expect(issuer.nowMs()).toBe(NOW);
  expect(issuer.aheadMs()).toBe(-3_600_000);
});
