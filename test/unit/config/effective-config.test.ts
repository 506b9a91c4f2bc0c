import { expect, test } from 'vitest';
import { z } from 'zod';
import { effectiveConfig } from '../../../src/config/effective-config.ts';
import { bytes, duration, secret, sensitive } from '../../../src/config/values.ts';

const schema = z.strictObject({
  ttl: duration('15m'),
  bodyMax: bytes('64KB'),
  port: z.int().default(4000),
  password: secret().optional(),
  url: z.string().default('redis://127.0.0.1'),
  people: z
    .array(z.strictObject({ email: z.string(), hash: sensitive(), clientSecret: z.string() }))
    .default([]),
});

function show(input: unknown): unknown {
  return effectiveConfig(schema.parse(input), schema);
}

test('measures are shown as a file would write them', () => {
  expect(show({ ttl: '90s', bodyMax: '2048KB' })).toEqual({
    ttl: '90s',
    bodyMax: '2MB',
    port: 4000,
    url: 'redis://127.0.0.1',
    people: [],
  });
});

test('what is shown may be read again and means the same', () => {
  const settings = schema.parse({ ttl: '0s', bodyMax: '1B', password: { env: 'PW' } });
  expect(schema.parse(effectiveConfig(settings, schema))).toEqual(settings);
});

test('where a secret lies is shown', () => {
  expect(show({ password: { file: '/run/secrets/redis' } })).toMatchObject({
    password: { file: '/run/secrets/redis' },
  });
});

test('secrets are masked, whether their setting says so, is named so, or hides them in a URL', () => {
  const shown = JSON.stringify(
    show({
      url: 'redis://user:hunter2@127.0.0.1:6379',
      people: [{ email: 'a@b.example', hash: '$argon2id$hunter2', clientSecret: 'hunter2' }],
    }),
  );
  expect(shown).not.toContain('hunter2');
  expect(shown).toContain('redis://[masked]@127.0.0.1:6379');
  expect(shown).toContain('a@b.example');
});
