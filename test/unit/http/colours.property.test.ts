import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contrast, readableOn, textOn } from '../../../src/http/colours.ts';
import { themeStylesheet } from '../../../src/http/theme.ts';
import { rounds } from '../../support/counts.ts';

const numRuns = rounds(300, 20_000);
const colour = fc
  .integer({ min: 0, max: 0xff_ff_ff })
  .map((value) => `#${value.toString(16).padStart(6, '0')}`);

test('contrast is that of WCAG', () => {
  expect(contrast('#ffffff', '#000000')).toBeCloseTo(21, 5);
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
});

test('whatever accent an operator picks, the text on a button can be read', () => {
  fc.assert(
    fc.property(colour, (accent) => {
      expect(contrast(textOn(accent), accent)).toBeGreaterThanOrEqual(4.5);
    }),
    { numRuns },
  );
});

test('whatever accent an operator picks, links can be read on the card', () => {
  fc.assert(
    fc.property(colour, fc.constantFrom('#ffffff', '#17191f'), (accent, surface) => {
      expect(contrast(readableOn(accent, surface), surface)).toBeGreaterThanOrEqual(4.5);
    }),
    { numRuns },
  );
});

test('a colour that can be read is left alone', () => {
  const css = themeStylesheet({ accent: '#3552d9', accentDark: '#7c93ff' });
  expect(css).toContain('--accent-text: #3552d9;');
  expect(css).toContain('--accent-text: #7c93ff;');
});
