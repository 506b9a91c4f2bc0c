import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { InvalidConfig, readConfig } from '../../../src/config/read-config.ts';
import { variableName } from '../../../src/config/variables.ts';
import { rounds } from '../../support/counts.ts';

const numRuns = rounds(300, 20_000);
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(?:[A-Z][a-z0-9]{1,5}){0,2}$/);
const path = fc.array(name, { minLength: 1, maxLength: 3 });

/** A schema with one setting, at `at`. */
function schemaAt([first, ...rest]: readonly string[], leaf: z.ZodType): z.ZodObject {
  const inside = rest.length === 0 ? leaf : schemaAt(rest, leaf).prefault({});
  return z.strictObject({ [first ?? '']: inside });
}

function valueAt(settings: unknown, at: readonly string[]): unknown {
  return at.reduce<unknown>((value, step) => Object(value)[step], settings);
}

test('a variable sets what the file would set', () => {
  const texts = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(path, texts, (at, text) => {
      const schema = schemaAt(at, z.string().default('standard'));
      const environment = { [variableName(at)]: text };
      const inFile = stringify(at.reduceRight<unknown>((value, step) => ({ [step]: value }), text));
      expect(valueAt(readConfig('f', '', schema, environment), at)).toBe(text);
      expect(valueAt(readConfig('f', inFile, schema), at)).toBe(text);
    }),
    { numRuns },
  );
});

test('numbers, switches and lists come through a variable as they are', () => {
  const leaf = z.union([z.number(), z.boolean(), z.array(z.number())]);
  const values = fc.oneof(fc.integer(), fc.boolean(), fc.array(fc.integer()));
  fc.assert(
    fc.property(path, values, (at, value) => {
      const environment = { [variableName(at)]: JSON.stringify(value) };
      expect(valueAt(readConfig('f', '', schemaAt(at, leaf), environment), at)).toEqual(value);
    }),
    { numRuns },
  );
});

test('a list is the same by commas and in brackets', () => {
  const word = fc.stringMatching(/^[a-z0-9./:-]{1,12}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const schema = z.strictObject({ list: z.array(z.string()) });
      const read = (text: string): unknown =>
        readConfig('f', '', schema, { LATCHKEY_LIST: text }).list;
      expect(read(words.join(', '))).toEqual(words);
      expect(read(JSON.stringify(words))).toEqual(words);
    }),
    { numRuns },
  );
});

test('a variable is upper snake case and tells its words apart', () => {
  fc.assert(
    fc.property(path, (at) => {
      expect(variableName(at)).toMatch(/^LATCHKEY(?:_[A-Z0-9]+)+$/);
      const words = at.flatMap((part) => part.split(/(?=[A-Z])/));
      expect(variableName(at).split('_').slice(1)).toEqual(words.map((word) => word.toUpperCase()));
    }),
    { numRuns },
  );
});

test('whatever is in the file, the answer is settings or a list of mistakes with their places', () => {
  const schema = z.strictObject({ a: z.string().default(''), b: z.array(z.int()).default([]) });
  const yaml = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc
      .array(
        fc.constantFrom(
          'a',
          'b',
          ':',
          ' ',
          '\n',
          '[',
          ']',
          '{',
          '}',
          '- ',
          '&x',
          '*x',
          '"',
          '#',
          '|',
        ),
      )
      .map((parts) => parts.join('')),
    fc.jsonValue().map((value) => stringify(value)),
  );
  fc.assert(
    fc.property(yaml, (text) => {
      try {
        readConfig('f', text, schema);
      } catch (error) {
        if (!(error instanceof InvalidConfig)) throw error;
        for (const problem of error.problems) expect(problem).toMatch(/^f:[1-9]\d*:[1-9]\d*[: ]/);
      }
    }),
    { numRuns },
  );
});
