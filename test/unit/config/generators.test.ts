import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configurationMarkdown } from '../../../src/config/configuration-markdown.ts';
import { exampleYaml } from '../../../src/config/example-yaml.ts';
import { jsonSchema } from '../../../src/config/json-schema.ts';
import { readConfig } from '../../../src/config/read-config.ts';
import {
  bytes,
  duration,
  KIND,
  optionalDuration,
  secret,
  sensitive,
} from '../../../src/config/values.ts';

const schema = z.strictObject({
  profile: z.enum(['dev', 'production']).default('production').describe('What it is for.'),
  http: z
    .strictObject({
      hosts: z.array(z.string()).default([]).describe('Names it answers to, a | b.'),
      bodyMax: bytes('64KB').describe('The largest body.'),
      tls: z
        .strictObject({ key: z.string().describe('The key.') })
        .optional()
        .describe('HTTPS.'),
    })
    .prefault({})
    .describe('How it is reached.'),
  redis: z
    .strictObject({
      password: secret().optional().describe('Where it lies.'),
      timeout: duration('2s').describe('How long to wait.'),
      retries: z.int().min(0).max(5).default(3).describe('How often.'),
    })
    .prefault({}),
  people: z
    .array(
      z.strictObject({
        email: z.string().describe('Their address.'),
        passwordHash: sensitive().optional().describe('A PHC string.'),
        session: optionalDuration().describe('How long.'),
      }),
    )
    .default([])
    .describe('Who may sign in.'),
});

test('the example is valid as it stands and says nothing but the defaults', () => {
  expect(readConfig('example', exampleYaml(schema), schema)).toEqual(
    readConfig('empty', '', schema),
  );
});

test('the example shows each setting with its meaning, the ones left out as comments', () => {
  expect(exampleYaml(schema).split('\n').slice(5)).toEqual(
    `
# What it is for.
profile: production

# How it is reached.
http:
  # Names it answers to, a | b.
  hosts: []

  # The largest body.
  bodyMax: 64KB

  # HTTPS.
  # tls:
  #   # The key.
  #   key: <text>

redis:
  # Where it lies.
  # password: { file: PATH }

  # How long to wait.
  timeout: 2s

  # How often.
  retries: 3

# Who may sign in.
people: []
# Each element:
# -
#   # Their address.
#   email: <text>
#
#   # A PHC string.
#   passwordHash: <text, masked when shown>
#
#   # How long.
#   session: <duration>
`
      .split('\n')
      .slice(1),
  );
});

test('an editor accepts by the JSON Schema what the program accepts, and no other settings', () => {
  const ajv = new Ajv2020({ allErrors: true });
  ajv.addKeyword(KIND);
  const accepts = ajv.compile(jsonSchema(schema));
  expect(accepts(parse(exampleYaml(schema)))).toBe(true);
  expect(accepts({ redis: { password: { env: 'X' } } })).toBe(true);
  expect(accepts({ redis: { timeout: 'soon' } })).toBe(false);
  expect(accepts({ redis: { timeOut: '1s' } })).toBe(false);
  expect(accepts({ people: [{}] })).toBe(false);
});

test('the documentation has a row for every setting, with its variable and default', () => {
  const text = configurationMarkdown(schema);
  const rows = [
    '| `profile` | `LATCHKEY_PROFILE` | one of `dev`, `production` | `production` | What it is for. |',
    '| `http.hosts` | `LATCHKEY_HTTP_HOSTS` | list of: text | `[]` | Names it answers to, a \\| b. |',
    '| `http.tls.key` | `LATCHKEY_HTTP_TLS_KEY` | text | required | The key. |',
    '| `redis.password` | `LATCHKEY_REDIS_PASSWORD` | secret |  | Where it lies. |',
    '| `redis.retries` | `LATCHKEY_REDIS_RETRIES` | number from 0 to 5 | `3` | How often. |',
    '| `email` | text | required | Their address. |',
  ];
  for (const row of rows) expect(text).toContain(row);
  expect(text).toContain('## `http`\n\nHow it is reached.\n');
});
