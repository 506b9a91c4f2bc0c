import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hastened, imported, revoked } from '../../../src/signing-keys/emergency.ts';
import {
  CONNECTED_SECONDS,
  IN_FLIGHT_SECONDS,
  plansOf,
  ringProblems,
} from '../../../src/signing-keys/promises.ts';
import type { Ring } from '../../../src/signing-keys/ring.ts';
import {
  dueKey,
  nextChange,
  phaseOf,
  tidied,
  withKey,
} from '../../../src/signing-keys/schedule.ts';
import { rounds } from '../../support/counts.ts';
import { bornRing, createKeyNames } from './rings.ts';
import { liveThrough, type WorldPlan } from './world.ts';

const SECONDS = 1500;

/** Settings that keep every promise by as little as possible, and a token life that goes with them. */
const schedules = fc
  .record({
    signFor: fc.integer({ min: 15, max: 400 }),
    jwksMaxAge: fc.integer({ min: 0, max: 60 }),
    clockTolerance: fc.integer({ min: 0, max: 60 }),
    ahead: fc.integer({ min: 0, max: 60 }),
    tokenSeconds: fc.integer({ min: 1, max: 120 }),
    hintsFor: fc.integer({ min: 0, max: 600 }),
  })
  .map(({ ahead, tokenSeconds, ...rest }) => ({
    tokenSeconds,
    durations: {
      ...rest,
      publishAhead: rest.jwksMaxAge + rest.clockTolerance + CONNECTED_SECONDS + ahead,
      verifyFor: tokenSeconds + rest.clockTolerance + IN_FLIGHT_SECONDS,
    },
  }))
  .filter(({ durations }) => ringProblems(durations).length === 0);

const troubles = fc.array(
  fc.record({
    node: fc.integer({ min: 0, max: 2 }),
    at: fc.integer({ min: 1, max: SECONDS }),
    seconds: fc.integer({ min: 1, max: 600 }),
    kind: fc.constantFrom('cut-off' as const, 'off' as const),
  }),
  { maxLength: 8 },
);

const orders = fc.array(
  fc.record({
    at: fc.integer({ min: 1, max: SECONDS }),
    kind: fc.constantFrom('rotate' as const, 'import' as const),
  }),
  { maxLength: 4 },
);

const worlds: fc.Arbitrary<WorldPlan> = schedules.chain(({ durations, tokenSeconds }) => {
  const most = durations.clockTolerance / 2;
  const error = fc.integer({ min: -Math.floor(most), max: Math.floor(most) });
  return fc.record({
    durations: fc.constant(durations),
    tokenSeconds: fc.constant(tokenSeconds),
    clockErrors: fc.array(error, { minLength: 3, maxLength: 3 }),
    troubles,
    orders,
    seconds: fc.constant(SECONDS),
  });
});

describe('whatever the schedule, the clocks and the failures of nodes', () => {
  test('one key signs at every second, and whoever kept the key set as long as allowed knows it until its last token is dead', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        expect(liveThrough(world)).toEqual([]);
      }),
      { numRuns: rounds(150, 5000) },
    );
  });

  const tight = { signFor: 100, jwksMaxAge: 20, clockTolerance: 20, hintsFor: 0 };
  // The node whose clock is ahead is off while another makes the second key, and the third has just read.
  const offline = { node: 1, at: 40, seconds: 35, kind: 'off' as const };
  const world = { clockErrors: [-10, 10, -10], troubles: [offline], orders: [], seconds: SECONDS };
  const kept = { publishAhead: 45, verifyFor: 60 };

  test('the promise is kept by not a second more than is needed', () => {
    expect(liveThrough({ ...world, tokenSeconds: 10, durations: { ...tight, ...kept } })).toEqual(
      [],
    );
  });

  test.each([
    ['publishes a moment later', { ...kept, publishAhead: 42 }],
    ['verifies a moment shorter', { ...kept, verifyFor: 58 }],
  ])('a schedule that %s breaks it, and is caught', (_, changes) => {
    const wrong = liveThrough({ ...world, tokenSeconds: 10, durations: { ...tight, ...changes } });
    expect(wrong).not.toEqual([]);
  });

  test('a rotation that does not wait is unknown to verifiers only, and drops no token of the old key', () => {
    const atOnce = [{ at: 30, kind: 'rotate immediately' as const }];
    const durations = { ...tight, ...kept };
    const wrong = liveThrough({ ...world, orders: atOnce, tokenSeconds: 10, durations });
    expect(wrong).not.toEqual([]);
    expect(wrong.filter((text) => !text.startsWith('key-2 '))).toEqual([]);
  });
});

interface Step {
  readonly wait: number;
  readonly act: 'tend' | 'rotate' | 'immediately' | 'revoke' | 'import';
  readonly pick: number;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 200 }),
    act: fc.constantFrom('tend', 'tend', 'rotate', 'immediately', 'revoke', 'import'),
    pick: fc.nat(20),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('whatever is ordered by hand, in whatever order', () => {
  test('one key signs at every second, even on a clock that is behind; slots and keys are unique; numbers rise', () => {
    fc.assert(
      fc.property(schedules, steps, ({ durations }, sequence) => {
        const plan = plansOf(durations)('ES256');
        const makeKey = createKeyNames();
        let now = 1_800_000_000;
        let ring = bornRing(plan, makeKey(), now);
        const act = ({ act: what, pick }: Step): Ring | undefined => {
          const look = { now, wanted: true };
          const spare = makeKey();
          const tidy = tidied(ring, plan, look);
          switch (what) {
            case 'tend': {
              const due = dueKey(tidy, plan, now);
              return due ? withKey(tidy, plan, spare, due) : tidy;
            }
            case 'rotate':
            case 'immediately':
              return hastened(tidy, plan, { now, immediately: what === 'immediately', spare })
                ?.ring;
            case 'import':
              return imported(tidy, plan, spare, now);
            case 'revoke': {
              const kid = tidy.keys[pick % tidy.keys.length]?.kid ?? '';
              return revoked(tidy, plan, { kid, reason: 'r', look, spare });
            }
          }
        };
        for (const step of sequence) {
          now += step.wait;
          const next = act(step);
          expect(next).toBeDefined();
          if (!next) return;
          if (next !== ring) expect(next.number).toBeGreaterThan(ring.number);
          ring = next;
          for (const seen of [now - durations.clockTolerance, now, now + 1, now + 10_000]) {
            const signing = ring.keys.filter(
              (key) => phaseOf(ring, key, { now: seen, wanted: true }) === 'signing',
            );
            expect(signing).toHaveLength(1);
            expect(signing[0]?.sealed).toBeDefined();
          }
          expect(new Set(ring.keys.map(({ slot }) => slot)).size).toBe(ring.keys.length);
          expect(Math.max(...ring.keys.map(({ slot }) => slot))).toBeLessThanOrEqual(ring.slots);
          const gone = new Set(ring.past);
          expect(ring.keys.filter(({ kid }) => gone.has(kid))).toEqual([]);
        }
      }),
      { numRuns: rounds(300, 5000) },
    );
  });

  test('between two instants that nextChange gives, no phase changes', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 1, max: 400 }), ({ durations }, wait) => {
        const plan = plansOf(durations)('ES256');
        const makeKey = createKeyNames();
        const born = 1_800_000_000;
        let ring = bornRing(plan, makeKey(), born);
        for (let at = born; at < born + 600; at += 7) {
          const due = dueKey(ring, plan, at);
          if (due) ring = withKey(ring, plan, makeKey(), due);
        }
        const look = { now: born + wait, wanted: true };
        const phases = (now: number): readonly string[] =>
          ring.keys.map((key) => phaseOf(ring, key, { now, wanted: true }));
        const next = nextChange(ring, look);
        if (next === undefined) return;
        for (let now = look.now; now < next; now += 1)
          expect(phases(now)).toEqual(phases(look.now));
        expect(phases(next)).not.toEqual(phases(look.now));
      }),
      { numRuns: rounds(100, 1000) },
    );
  });
});
