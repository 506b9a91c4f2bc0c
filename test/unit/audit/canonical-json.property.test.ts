import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, plainText } from '../../../src/audit/canonical-json.ts';
import { rounds } from '../../support/counts.ts';

const runs = { numRuns: rounds(200, 5000) };

/** Nothing that a terminal, a log viewer or PostgreSQL's text would act upon. */
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for.
const ACTING = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

describe('canonical JSON', () => {
  test('says the same as the value, as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        // Short texts only: long ones are cut, which another test shows.
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      runs,
    );
  });

  test('does not depend on the order in which members were written', () => {
    const members = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(members, (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
      runs,
    );
  });

  test('holds no character that acts on a terminal or ends a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        expect(canonicalJson({ text })).not.toMatch(ACTING);
        expect(plainText(text)).not.toMatch(ACTING);
      }),
      runs,
    );
  });

  test('leaves out what is undefined', () => {
    expect(canonicalJson({ b: undefined, a: [1, null] })).toBe('{"a":[1,null]}');
  });

  test('cuts what a stranger may make long', () => {
    expect(canonicalJson('x'.repeat(100_000))).toHaveLength(515);
  });

  test('a text that was cut is cut no further when it is written again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 500, maxLength: 600 }), (text) => {
        const once = canonicalJson(text);
        expect(canonicalJson(JSON.parse(once))).toBe(once);
      }),
      runs,
    );
  });
});
