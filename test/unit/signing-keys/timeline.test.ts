import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signingKeysConfig } from '../../../src/signing-keys/config.ts';
import { revoked } from '../../../src/signing-keys/emergency.ts';
import { plansOf } from '../../../src/signing-keys/promises.ts';
import type { Ring } from '../../../src/signing-keys/ring.ts';
import { dueKey, tidied, withKey } from '../../../src/signing-keys/schedule.ts';
import { timelineSvg } from '../../../src/signing-keys/timeline-svg.ts';
import { inWords, timelineText } from '../../../src/signing-keys/timeline-text.ts';
import { livesOf } from '../../../src/signing-keys/timeline.ts';
import { bornRing, createKeyNames } from './rings.ts';

const HOUR = 3600;
const DAY = 86_400;
const BIRTH = 1_800_000_000;
const plan = plansOf(signingKeysConfig.parse({}))('ES256');

/** A ring as the schedule has turned it for `days`. `forget`: as nodes keep it; else no key is ever retired. */
function turned(days: number, options: { readonly forget: boolean }): Ring {
  const makeKey = createKeyNames('key');
  let ring = bornRing(plan, makeKey(), BIRTH);
  for (let now = BIRTH; now <= BIRTH + days * DAY; now += HOUR) {
    const due = dueKey(ring, plan, now);
    if (due) ring = withKey(ring, plan, makeKey(), due);
    if (options.forget) ring = tidied(ring, plan, { now, wanted: true });
  }
  return ring;
}

describe('the timeline in the terminal', () => {
  const now = BIRTH + 29 * DAY + 6 * HOUR;
  const lives = livesOf(turned(29.25, { forget: true }), { now, wanted: true });

  test('draws each key on one scale of time and says what comes next', () => {
    expect(timelineText(lives, { now })).toMatchInlineSnapshot(`
      "ES256  key-1       ████████████████████┃▒▒·····················  signs 18 h more
      ES256  key-2       ····················┃██████████████████████▒  signs in 18 h

      ░ published  █ signs  ▒ verifies  ┃ now 2027-02-13 14:00"
    `);
  });

  test('is drawn with plain letters where a terminal has no others', () => {
    const text = timelineText(lives, { now, unicode: false });
    expect(text).toMatch(/^[\x20-\x7e\n]+$/);
    expect(text).toContain('#');
  });

  test('fits the columns of the terminal', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 160 }),
        fc.integer({ min: 0, max: 120 }),
        (width, days) => {
          const at = BIRTH + days * DAY + 5 * HOUR + 7;
          const drawn = livesOf(turned(days, { forget: true }), { now: at, wanted: true });
          const text = timelineText(drawn, { now: at, width });
          const bars = text.split('\n\n')[0]?.split('\n') ?? [];
          for (const line of bars) expect(line.length).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('says that a key goes on signing when the next one is late', () => {
    const late = BIRTH + 90 * DAY;
    const ring = turned(0, { forget: true });
    const text = timelineText(livesOf(ring, { now: late, wanted: true }), { now: late });
    expect(text).toContain('signs until a key follows');
  });

  test('names retired and revoked keys below the bars', () => {
    const at = BIRTH + 40 * DAY;
    const look = { now: at, wanted: true };
    const ring = turned(40, { forget: true });
    const order = { kid: 'key-2', reason: 'laptop stolen', look, spare: createKeyNames('spare')() };
    const after = revoked(ring, plan, order);
    expect(after).toBeDefined();
    if (!after) return;
    const text = timelineText(livesOf(after, look), { now: at });
    expect(text).toContain('key-1       retired, known for sign-out until 2027-');
    expect(text).toContain('key-2       revoked 2027-');
    expect(text).toContain('laptop stolen');
  });

  test('draws nothing when there is nothing', () => {
    expect(timelineText([], { now })).toBe('No keys.');
  });
});

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3661, '1 h 1 min'],
  [86_400, '1 d'],
  [90_061, '1 d 1 h'],
  [86_460, '1 d'],
])('%i seconds are %s in words', (seconds, words) => {
  expect(inWords(seconds)).toBe(words);
});

test('docs/key-life.svg is what the default settings make', async () => {
  const ring = turned(70, { forget: false });
  const lives = livesOf({ ...ring, keys: ring.keys.slice(0, 3) }, { now: BIRTH, wanted: true });
  const svg = timelineSvg(lives, 'The life of signing keys by the default settings');
  await expect(svg).toMatchFileSnapshot('../../../docs/key-life.svg');
});
