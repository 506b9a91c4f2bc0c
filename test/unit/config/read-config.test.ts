import { expect, test } from 'vitest';
import { z } from 'zod';
import { InvalidConfig, readConfig } from '../../../src/config/read-config.ts';
import { bytes, duration, secret } from '../../../src/config/values.ts';

const schema = z.strictObject({
  issuer: z.url().default('http://localhost:4000'),
  http: z
    .strictObject({
      listen: z.string().default('127.0.0.1:4000'),
      trustedProxies: z.array(z.string()).default([]),
      bodyMax: bytes('64KB'),
      port: z.int().optional(),
      isOn: z.boolean().default(false),
    })
    .prefault({}),
  signingKeys: z
    .strictObject({ signFor: duration('30d'), publishAhead: duration('1d') })
    .refine(({ signFor, publishAhead }) => !(publishAhead >= signFor), {
      path: ['publishAhead'],
      error: 'must be shorter than signFor',
    })
    .prefault({}),
  redis: z.strictObject({ password: secret().optional() }).prefault({}),
  clients: z
    .array(z.strictObject({ id: z.string(), claims: z.record(z.string(), z.string()).default({}) }))
    .default([]),
});

function read(text: string, environment = {}): z.output<typeof schema> {
  return readConfig('latchkey.yaml', text, schema, environment);
}

function problemsOf(text: string, environment = {}): readonly string[] {
  try {
    read(text, environment);
    return [];
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems;
    throw error;
  }
}

test('an empty file gives every default', () => {
  expect(read('')).toMatchObject({
    http: { listen: '127.0.0.1:4000', bodyMax: 65_536 },
    signingKeys: { signFor: 2_592_000 },
    clients: [],
  });
});

test('every mistake is told at once, each at its place, in the order of the file', () => {
  const text = `
http:
  listen: 4000
  trustedProxys: []
signingKeys: { signFor: soon }
clients:
  - id: web
  - name: other
redis: { password: hunter2 }
isuer: https://id.example.com
`;
  expect(problemsOf(text)).toEqual([
    'latchkey.yaml:3:11 http.listen: Invalid input: expected string, received number',
    'latchkey.yaml:4:3 http.trustedProxys: unknown setting; did you mean "trustedProxies"?',
    'latchkey.yaml:5:25 signingKeys.signFor: expected a duration such as "90s" or "30d"',
    'latchkey.yaml:8:5 clients[1].id: is missing',
    'latchkey.yaml:8:5 clients[1].name: unknown setting',
    'latchkey.yaml:9:20 redis.password: expected a secret by reference, "{ file: PATH }" or "{ env: NAME }"',
    'latchkey.yaml:10:1 isuer: unknown setting; did you mean "issuer"?',
  ]);
});

test('a rule between two settings is told at the setting it names', () => {
  expect(problemsOf('signingKeys: { signFor: 1h, publishAhead: 2h }')).toEqual([
    'latchkey.yaml:1:43 signingKeys.publishAhead: must be shorter than signFor',
  ]);
});

test('a rule broken by a default is told at the section', () => {
  expect(problemsOf('http: {}\nsigningKeys:\n  signFor: 1h\n')).toEqual([
    'latchkey.yaml:2:1 signingKeys.publishAhead: must be shorter than signFor',
  ]);
});

test('a name written twice is told beside the other mistakes', () => {
  expect(problemsOf('issuer: https://a.example\nissuer: https://b.example\nhttp: 5\n')).toEqual([
    'latchkey.yaml:2:1: Map keys must be unique',
    'latchkey.yaml:3:7 http: Invalid input: expected object, received number',
  ]);
});

test('broken YAML is told with its place and no guesses about settings', () => {
  expect(problemsOf('http:\n  listen: "a\n')).toEqual([
    'latchkey.yaml:3:1: Missing closing "quote',
  ]);
});

test('an unknown tag is a mistake', () => {
  expect(problemsOf('issuer: !!js/function "x"')).toEqual([
    'latchkey.yaml:1:9: Unresolved tag: tag:yaml.org,2002:js/function',
  ]);
});

test('two documents in one file are a mistake', () => {
  expect(problemsOf('issuer: https://a.example\n---\nissuer: https://b.example\n')).toHaveLength(1);
});

test('an anchor may be used again', () => {
  const text =
    'clients:\n  - { id: a, claims: &shared { x: y } }\n  - { id: b, claims: *shared }\n';
  expect(read(text).clients[1]).toEqual({ id: 'b', claims: { x: 'y' } });
});

test('an alias bomb is refused before it grows', () => {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const inside = level === 0 ? '[x]' : `[${`*a${level - 1},`.repeat(9)}]`;
    return `a${level}: &a${level} ${inside}\n`;
  });
  expect(problemsOf(levels.join('')).join('\n')).toContain('must not stand for other aliases');
});

test('an alias without an anchor is told at its place', () => {
  expect(problemsOf('issuer: *nowhere')).toEqual(['latchkey.yaml:1:9: no anchor "nowhere"']);
});

test('a text that nests without end is a mistake and no crash', () => {
  expect(problemsOf('['.repeat(200_000))).not.toEqual([]);
});

test('a huge file is refused unread', () => {
  expect(problemsOf(`#${'x'.repeat(1024 * 1024)}`)).toEqual([
    'latchkey.yaml:1:1: the file is larger than 1 MB',
  ]);
});

test.each(['__proto__: { polluted: yes }', 'clients: [{ id: a, claims: { __proto__: x } }]'])(
  'a prototype cannot be written: %s',
  (text) => {
    expect(problemsOf(text).join()).toContain('"__proto__" cannot be a name');
    expect(Object.prototype).not.toHaveProperty('polluted');
  },
);

test('variables are laid over the file, each read by the type of its setting', () => {
  const settings = read('http: { listen: "127.0.0.1:1", port: 5 }\n', {
    LATCHKEY_HTTP_LISTEN: '0.0.0.0:80',
    LATCHKEY_HTTP_TRUSTED_PROXIES: '10.0.0.1, 10.0.0.2',
    LATCHKEY_HTTP_BODY_MAX: '2MB',
    LATCHKEY_HTTP_IS_ON: 'true',
    LATCHKEY_CLIENTS: '[{ id: web }]',
    LATCHKEY_REDIS_PASSWORD_FILE: '/run/secrets/redis',
    PATH: '/usr/bin',
  });
  expect(settings.http).toEqual({
    listen: '0.0.0.0:80',
    trustedProxies: ['10.0.0.1', '10.0.0.2'],
    bodyMax: 2 * 1024 * 1024,
    isOn: true,
    port: 5,
  });
  expect(settings.clients).toEqual([{ id: 'web', claims: {} }]);
  expect(settings.redis.password).toEqual({ file: '/run/secrets/redis' });
});

test('a list may be YAML, too, and a text that looks like a number stays a text', () => {
  const { http } = read('', {
    LATCHKEY_HTTP_TRUSTED_PROXIES: '["a", b]',
    LATCHKEY_HTTP_LISTEN: '1',
  });
  expect(http).toMatchObject({ trustedProxies: ['a', 'b'], listen: '1' });
});

test('a secret from a variable replaces the reference of the file', () => {
  const text = 'redis: { password: { file: /a } }';
  expect(read(text, { LATCHKEY_REDIS_PASSWORD_ENV: 'PW' }).redis).toEqual({
    password: { env: 'PW' },
  });
});

test('a mistake in a variable names the variable', () => {
  const environment = {
    LATCHKEY_HTTP_PORT: 'many',
    LATCHKEY_SIGNING_KEYS_SIGN_FOR: '1h',
    LATCHKEY_SIGNING_KEYS_PUBLISH_AHEAD: '2h',
    LATCHKEY_CLIENTS: '[{ id: 5 }]',
    LATCHKEY_HTTP_IS_ON: '{',
  };
  expect(problemsOf('', environment)).toEqual([
    'LATCHKEY_HTTP_IS_ON: is not valid YAML',
    'LATCHKEY_HTTP_PORT http.port: Invalid input: expected number, received string',
    'LATCHKEY_SIGNING_KEYS_PUBLISH_AHEAD signingKeys.publishAhead: must be shorter than signFor',
    'LATCHKEY_CLIENTS clients[0].id: Invalid input: expected string, received number',
  ]);
});

test('a variable without a setting is a mistake, with the one that was meant', () => {
  expect(problemsOf('', { LATCHKEY_HTTP_LISTN: 'x', LATCHKEY_PORT: '4000' })).toEqual([
    'LATCHKEY_HTTP_LISTN: no setting has this variable; did you mean LATCHKEY_HTTP_LISTEN?',
    'LATCHKEY_PORT: no setting has this variable',
  ]);
});

test.each([
  { LATCHKEY_CONFIG: '/etc/latchkey.yaml' },
  { LATCHKEY_PORT: 'tcp://10.0.0.7:4000', LATCHKEY_SERVICE_HOST: '10.0.0.7' },
  { LATCHKEY_REDIS_SERVICE_PORT: '6379', LATCHKEY_REDIS_PORT_6379_TCP_ADDR: '10.0.0.8' },
  { LATCHKEY_REDIS_PASSWORD_ENV: 'LATCHKEY_MY_SECRET', LATCHKEY_MY_SECRET: 'x' },
])('variables that are no mistake: %o', (environment) => {
  expect(problemsOf('', environment)).toEqual([]);
});

test('a variable that the file refers to for a secret may have any name', () => {
  const text = 'redis: { password: { env: LATCHKEY_PW } }';
  expect(problemsOf(text, { LATCHKEY_PW: 'x' })).toEqual([]);
});

test('two settings that would share a variable are a mistake of the schema', () => {
  const twins = z.strictObject({
    aB: z.string().default(''),
    a: z.strictObject({ b: z.string().default('') }).prefault({}),
  });
  expect(() => readConfig('x', '', twins, { LATCHKEY_A_B: 'x' })).toThrow(TypeError);
});
