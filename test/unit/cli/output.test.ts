import { expect, test } from 'vitest';
import { fields, instant, json, plain, table } from '../../../src/cli/output.ts';

test('a table is aligned by its widest cells and has no spaces at the end of a line', () => {
  const text = table(
    ['ID', 'NAME'],
    [
      ['a', 'Ada'],
      ['long-id', ''],
    ],
  );
  expect(text.split('\n')).toEqual(['ID       NAME', 'a        Ada', 'long-id']);
});

test('fields without a value are left out', () => {
  expect(
    fields([
      ['id', 'a'],
      ['e-mail', undefined],
      ['state', ''],
    ]),
  ).toBe('id  a');
});

test.each([
  '\u001b[2J',
  'a\rb',
  'a\nb',
  '\u009b31m',
  'abc\u202Egnp.exe',
  '\u2066x',
  'a\u2028b',
  '\u0000',
])('nothing that a client calls itself can steer the terminal: %j', (name) => {
  const acting = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
  expect(plain(name)).not.toMatch(acting);
  expect(table(['X'], [[name]]).replaceAll('\n', '')).not.toMatch(acting);
  expect(json({ name }).replaceAll('\n', '')).not.toMatch(acting);
  expect(JSON.parse(json({ name }))).toEqual({ name });
});

test('names in other scripts stay as they are', () => {
  expect(plain('Zoë 日本 🔑')).toBe('Zoë 日本 🔑');
});

test('an instant is written in UTC', () => {
  expect(instant(1_800_000_000)).toBe('2027-01-15T08:00:00Z');
});
