import { expect, test } from 'vitest';
import type { z } from 'zod';
import {
  bytes,
  duration,
  httpUrl,
  optionalDuration,
  origin,
  secret,
} from '../../../src/config/values.ts';

function problemsOf(schema: z.ZodType, value: unknown): readonly string[] {
  return schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];
}

test('a duration left out is its default, in seconds', () => {
  expect(duration('15m').parse(undefined)).toBe(900);
});

test('a duration may be left out where its setting says so', () => {
  expect(optionalDuration().parse(undefined)).toBeUndefined();
  expect(optionalDuration().parse('2h')).toBe(7200);
});

test.each(['', '5', 'soon', '-1s', '1.5h', '1H', ' 1s', '1234567s', 5, null, {}])(
  'no duration: %j',
  (value) => {
    expect(problemsOf(duration('1s'), value)).toEqual([
      'expected a duration such as "90s" or "30d"',
    ]);
  },
);

test.each(['', '5', '64kb', '1TB', '-1KB', '1.5MB', 64])('no size: %j', (value) => {
  expect(problemsOf(bytes('1B'), value)).toEqual(['expected a size such as "64KB" or "2MB"']);
});

test.each(['hunter2', { file: '' }, { file: 'a', env: 'b' }, { value: 'x' }, {}])(
  'no secret by reference, and nothing of it is repeated: %j',
  (value) => {
    expect(problemsOf(secret(), value)).toEqual([
      'expected a secret by reference, "{ file: PATH }" or "{ env: NAME }"',
    ]);
  },
);

test.each(['https://id.example.com', 'http://localhost:4000/a?b=c', 'https://[::1]/'])(
  'an http URL: %s',
  (text) => expect(httpUrl().parse(text)).toBe(text),
);

test.each([
  'id.example.com',
  'ftp://id.example.com',
  'javascript:alert(1)',
  'https://user@id.example.com',
  'https://id.example.com/#x',
  'https://id.example.com/ x',
  'https:\\\\id.example.com',
  'https:id.example.com',
])('no http URL: %s', (text) => expect(problemsOf(httpUrl(), text)).toHaveLength(1));

test.each(['https://a.example', 'http://localhost:3000'])('an origin: %s', (text) => {
  expect(origin().parse(text)).toBe(text);
});

test.each(['https://a.example/', 'https://A.example', 'https://a.example:443', 'null', '*'])(
  'no origin: %s',
  (text) => expect(problemsOf(origin(), text)).toHaveLength(1),
);
