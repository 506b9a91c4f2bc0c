import { describe, expect, test } from 'vitest';
import type { Facts, SecretFact } from '../../../src/config/facts.ts';
import { findingText, InsecureConfig, judgeSafety } from '../../../src/config/insecure.ts';
import type { Finding, Safety, SafetySettings } from '../../../src/config/safety.ts';

const NOTHING: Facts = { secrets: [], files: [] };
const SAFE: SafetySettings = {
  profile: 'production',
  issuer: 'https://id.example.com',
  http: {
    listen: { host: '0.0.0.0' },
    metrics: { enabled: false, host: '127.0.0.1' },
    trustedProxies: ['10.0.0.7'],
    tls: { from: 'off' },
    outbound: { allow: [] },
  },
  storage: {
    state: { engine: 'redis', redis: { url: 'rediss://redis.internal:6379/0' } },
    records: {
      engine: 'postgres',
      postgres: { url: 'postgres://pg.internal/latchkey', tls: true },
    },
  },
  protocol: { clientIdMetadata: { enabled: false, hosts: [] }, mtls: { enabled: false } },
  mail: { smtp: { host: 'smtp.example.com', tls: 'starttls' } },
  sms: { gateway: { url: 'https://sms.example.com/' }, prefixes: ['+49'] },
  dev: {},
  registration: { mode: 'off', overallPerHour: 100 },
  people: [{}],
  clients: [{}],
  signIn: { argon2: { memoryKib: 19_456, iterations: 2 } },
};
const DEV: SafetySettings = {
  ...SAFE,
  profile: 'dev',
  issuer: 'http://localhost:4000',
  http: { ...SAFE.http, listen: { host: '127.0.0.1' } },
};

function http(changes: Partial<SafetySettings['http']>): SafetySettings {
  return { ...SAFE, http: { ...SAFE.http, ...changes } };
}

function mail(smtp: SafetySettings['mail']['smtp']): SafetySettings {
  return { ...SAFE, mail: { smtp } };
}

const HEADER = { header: { name: 'Client-Cert' } };

function certificates(ways: object): SafetySettings['protocol'] {
  return { ...SAFE.protocol, mtls: { enabled: true, ...ways } };
}

function named(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ setting }) => setting);
}

function outcome({ refusals, warnings }: Safety): object {
  return { refused: named(refusals), warned: named(warnings) };
}

function secretFact(changes: Partial<SecretFact>): SecretFact {
  return {
    setting: 'storage.state.redis.password',
    place: '/run/secrets/redis',
    fault: undefined,
    bits: 256,
    isSample: false,
    ...changes,
  };
}

describe('boots in peace', () => {
  test.each([
    ['production behind a proxy', SAFE],
    ['dev on loopback', DEV],
    [
      'dev on IPv6 loopback',
      { ...DEV, issuer: 'https://[::1]:4000', http: { ...DEV.http, listen: { host: '::1' } } },
    ],
    [
      'dev with people whose passwords are in clear',
      { ...DEV, people: [{ password: 'latchkey-dev' }] },
    ],
    ['dev with client secrets in clear', { ...DEV, clients: [{ secretInClear: 'x' }] }],
    [
      'hashes as OWASP asks with least memory',
      { ...SAFE, signIn: { argon2: { memoryKib: 7168, iterations: 5 } } },
    ],
    ['dev without a mail server', { ...DEV, mail: { smtp: { tls: 'starttls' } } }],
    ['dev with a seed', { ...DEV, dev: { seed: 'shop' } }],
    ['a mail server of this machine', mail({ host: 'localhost', tls: 'none', user: 'latchkey' })],
    ['dev with open registration', { ...DEV, registration: { mode: 'open', overallPerHour: 9 } }],
    ['its own TLS, without a proxy', http({ tls: { from: 'files' }, trustedProxies: [] })],
    [
      'certificates of clients that a listed proxy hands on',
      { ...SAFE, protocol: certificates(HEADER) },
    ],
    ['a proxy network that is private', http({ trustedProxies: ['10.0.0.0/8', 'fd00::/8'] })],
  ])('%s', (_, settings) => {
    expect(judgeSafety(settings, NOTHING)).toEqual({ refusals: [], warnings: [] });
  });
});

describe('refuses to boot', () => {
  test.each<[string, SafetySettings, readonly string[]]>([
    [
      'an http issuer that is not loopback',
      { ...SAFE, issuer: 'http://id.example.com' },
      ['issuer'],
    ],
    [
      'the dev profile with a foreign issuer',
      { ...DEV, issuer: 'https://id.example.com' },
      ['issuer'],
    ],
    [
      'the dev profile on every address',
      { ...DEV, http: { ...DEV.http, listen: { host: '0.0.0.0' } } },
      ['http.listen.host'],
    ],
    [
      'the dev profile, foreign in both ways',
      { ...DEV, issuer: 'http://id.example.com', http: { ...DEV.http, listen: { host: '::' } } },
      ['issuer', 'http.listen.host'],
    ],
    [
      'a client secret in clear',
      { ...SAFE, clients: [{ secretInClear: 'x' }] },
      ['clients[0].secretInClear'],
    ],
    ['a seed of all chance', { ...SAFE, dev: { seed: 'shop' } }, ['dev.seed']],
    ['a password in clear', { ...SAFE, people: [{}, { password: 'x' }] }, ['people[1].password']],
    [
      'everyone as a proxy',
      http({ trustedProxies: ['10.0.0.1', '0.0.0.0/0'] }),
      ['http.trustedProxies[1]'],
    ],
    [
      'everyone as a proxy, in two halves',
      http({ trustedProxies: ['0.0.0.0/1', '128.0.0.0/1'] }),
      ['http.trustedProxies[0]', 'http.trustedProxies[1]'],
    ],
    ['everyone on IPv6 as a proxy', http({ trustedProxies: ['::/0'] }), ['http.trustedProxies[0]']],
    [
      'a way out to everywhere',
      http({ outbound: { allow: ['0.0.0.0/0'] } }),
      ['http.outbound.allow[0]'],
    ],
    [
      'the password of the mail server in clear',
      mail({ host: 'smtp.example.com', tls: 'none', user: 'latchkey' }),
      ['mail.smtp.tls'],
    ],
    [
      'certificates of clients in a header of anybody',
      { ...http({ tls: { from: 'files' }, trustedProxies: [] }), protocol: certificates(HEADER) },
      ['protocol.mtls.header'],
    ],
    ['a certificate of the dev authority', http({ tls: { from: 'dev-ca' } }), ['http.tls.from']],
  ])('%s', (_, settings, refused) => {
    expect(outcome(judgeSafety(settings, NOTHING))).toEqual({ refused, warned: [] });
  });

  test.each([
    ['that is weak', { bits: 127 }],
    ['that is a sample', { isSample: true }],
    ['that cannot be read', { fault: 'cannot read it: ENOENT', bits: 0 }],
  ])('a secret %s', (_, changes) => {
    const facts = { ...NOTHING, secrets: [secretFact(changes)] };
    expect(outcome(judgeSafety(SAFE, facts))).toEqual({
      refused: ['storage.state.redis.password'],
      warned: [],
    });
  });

  test.each([0o644, 0o640, 0o604, 0o666, 0o620])('a key file of mode %o', (mode) => {
    const files = [{ setting: 'http.tls.keyFile', path: 'keys/tls.key', mode }];
    expect(judgeSafety(SAFE, { ...NOTHING, files }).refusals.map(findingText)).toEqual([
      `http.tls.keyFile: keys/tls.key has mode ${mode.toString(8)}, so that others on this machine can reach it. Run: chmod 600 keys/tls.key.`,
    ]);
  });
});

describe('boots with a warning', () => {
  test.each<[string, SafetySettings, string]>([
    ['an http issuer on loopback', { ...SAFE, issuer: 'http://localhost:4000' }, 'issuer'],
    ['a proxy that is not listed', http({ trustedProxies: [] }), 'http.trustedProxies'],
    [
      'figures for everyone',
      http({ metrics: { enabled: true, host: '0.0.0.0' } }),
      'http.metrics.host',
    ],
    [
      "an exchange of everybody's tokens",
      { ...SAFE, clients: [{ tokenExchange: { subjects: ['*'], impersonation: false } }] },
      'clients[0].tokenExchange.subjects',
    ],
    [
      "documents of everybody's clients",
      {
        ...SAFE,
        protocol: { ...SAFE.protocol, clientIdMetadata: { enabled: true, hosts: ['*'] } },
      },
      'protocol.clientIdMetadata.hosts',
    ],
    [
      'impersonation',
      { ...SAFE, clients: [{}, { tokenExchange: { subjects: ['app'], impersonation: true } }] },
      'clients[1].tokenExchange.impersonation',
    ],
    [
      'open registration',
      { ...SAFE, registration: { mode: 'open', overallPerHour: 9 } },
      'registration.mode',
    ],
    ['no mail server', mail({ tls: 'starttls' }), 'mail.smtp.host'],
    [
      'text messages to every country (SMS pumping)',
      { ...SAFE, sms: { gateway: { url: 'https://sms.example.com/' } } },
      'sms.prefixes',
    ],
    ['letters in clear', mail({ host: 'mail', tls: 'none' }), 'mail.smtp.tls'],
    [
      'Redis across the network in clear',
      {
        ...SAFE,
        storage: {
          ...SAFE.storage,
          state: { engine: 'redis', redis: { url: 'redis://redis:6379' } },
        },
      },
      'storage.state.redis.url',
    ],
    ...(['sentinel', 'cluster'] as const).map((kind): [string, SafetySettings, string] => [
      `Redis across the network in clear (${kind})`,
      {
        ...SAFE,
        storage: {
          ...SAFE.storage,
          state: {
            engine: 'redis',
            redis: { url: 'redis://127.0.0.1:6379/0', [kind]: { nodes: ['redis-1:6379'] } },
          },
        },
      },
      'storage.state.redis.url',
    ]),
    [
      'PostgreSQL across the network in clear',
      {
        ...SAFE,
        storage: {
          ...SAFE.storage,
          records: { engine: 'postgres', postgres: { url: 'postgres://pg/latchkey', tls: false } },
        },
      },
      'storage.records.postgres.tls',
    ],
  ])('%s', (_, settings, warned) => {
    expect(outcome(judgeSafety(settings, NOTHING))).toEqual({ refused: [], warned: [warned] });
  });

  test('stores on this machine need no TLS', () => {
    const storage = {
      state: { engine: 'redis', redis: { url: 'redis://127.0.0.1:6379' } },
      records: {
        engine: 'postgres',
        postgres: { url: 'postgres://%2Frun%2Fpg/latchkey', tls: false },
      },
    };
    expect(judgeSafety({ ...SAFE, storage }, NOTHING).warnings).toEqual([]);
  });

  test('a weak secret in the dev profile', () => {
    const facts = { ...NOTHING, secrets: [secretFact({ bits: 10 })] };
    expect(outcome(judgeSafety(DEV, facts))).toEqual({
      refused: [],
      warned: ['storage.state.redis.password'],
    });
  });
});

test('every finding names its setting, what is wrong, and what to do', () => {
  const { refusals } = judgeSafety({ ...SAFE, issuer: 'http://id.example.com' }, NOTHING);
  expect(new InsecureConfig(refusals)).toMatchObject({
    code: 'ERR_INSECURE_CONFIG',
    message:
      'this would be insecure, so it does not start:\n  issuer: http://id.example.com is http: passwords and tokens could be read on their way. Set it to https://id.example.com, behind a proxy that speaks TLS or with http.tls.',
  });
});

test('a file that is private, or not there yet, is no concern', () => {
  const files = [
    { setting: 'storage.embedded.file', path: 'a', mode: 0o600 },
    { setting: 'storage.embedded.file', path: 'b', mode: undefined },
  ];
  expect(judgeSafety(SAFE, { ...NOTHING, files })).toEqual({ refusals: [], warnings: [] });
});
