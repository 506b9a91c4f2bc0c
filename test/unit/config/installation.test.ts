import { expect, test } from 'vitest';
import { installationOf, isLoopbackHost, issuerConfig } from '../../../src/config/installation.ts';

test.each(['https://id.example.com', 'http://localhost:4000', 'https://[::1]:8443'])(
  'an issuer: %s',
  (issuer) => expect(issuerConfig.parse(issuer)).toBe(issuer),
);

test.each([
  'https://example.com/tenants/a',
  'id.example.com',
  'https://id.example.com/',
  'https://example.com/a/',
  'https://ID.example.com',
  'https://id.example.com:443',
  'https://id.example.com?a=b',
  'https://id.example.com?',
  'https://id.example.com#a',
  'https://user@id.example.com',
  'https://example.com/a/../b',
  'ldap://id.example.com',
  ' https://id.example.com',
])('no issuer, since clients compare it byte for byte: %s', (issuer) => {
  expect(issuerConfig.safeParse(issuer).success).toBe(false);
});

test.each(['localhost', 'LOCALHOST', 'id.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]'])(
  'never leaves the machine: %s',
  (host) => expect(isLoopbackHost(host)).toBe(true),
);

test.each(['localhost.example.com', '127.0.0.1.example.com', '0.0.0.0', '::', '10.0.0.1', ''])(
  'may be reached from elsewhere: %s',
  (host) => expect(isLoopbackHost(host)).toBe(false),
);

test('the facts of an installation follow from its two settings', () => {
  expect(installationOf({ profile: 'production', issuer: 'https://id.example.com' })).toEqual({
    isDev: false,
    issuer: 'https://id.example.com',
    isHttps: true,
    isLoopback: false,
  });
  expect(installationOf({ profile: 'dev', issuer: 'http://127.0.0.1:4000' })).toMatchObject({
    isDev: true,
    isHttps: false,
    isLoopback: true,
  });
});
