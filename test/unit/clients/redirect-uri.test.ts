import { describe, expect, test } from 'vitest';
import { redirectUriProblem } from '../../../src/clients/redirect-uri.ts';

const web = { isNative: false, isDev: false };
const native = { isNative: true, isDev: false };

describe('redirect URIs that can be registered', () => {
  test.each([
    'https://app.example.com/callback',
    'https://app.example.com',
    'https://app.example.com/',
    'https://app.example.com:8443/a/b?tenant=1&next=%2Fhome',
    'https://app.example.com/files/~alice/a%20b',
    'https://xn--bcher-kva.example/callback',
    'https://[2001:db8::1]/callback',
    'https://localhost/callback',
    'http://localhost:3000/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:8080/callback',
  ])('%s by a web client', (uri) => {
    expect(redirectUriProblem(uri, web)).toBeUndefined();
  });

  test.each([
    'com.example.app:/callback',
    'com.example.app:/',
    'com.example.app://callback/path',
    'http://127.0.0.1/callback',
    'http://localhost/callback',
    'https://app.example.com/callback',
  ])('%s by a native client', (uri) => {
    expect(redirectUriProblem(uri, native)).toBeUndefined();
  });

  test('a name below localhost is this machine to browsers, and good in the dev profile only', () => {
    const uri = 'http://app.localhost:3000/callback';
    expect(redirectUriProblem(uri, { isNative: false, isDev: true })).toBeUndefined();
    expect(redirectUriProblem(uri, web)).toContain('must be https');
  });
});

/** Each is one known trick; what the reason must say tells that the right defence has caught it. */
const ATTACKS: readonly (readonly [string, string, string])[] = [
  ['a relative path', '/callback', 'must be absolute'],
  ['no scheme', '//app.example.com/callback', 'must be absolute'],
  ['nothing', '', 'must be ASCII'],
  ['a wildcard host', 'https://*.example.com/callback', 'wildcard'],
  ['a wildcard path', 'https://app.example.com/*', 'wildcard'],
  ['a fragment', 'https://app.example.com/callback#x', 'fragment'],
  ['an empty fragment', 'https://app.example.com/callback#', 'fragment'],
  ['a user', 'https://app.example.com@evil.example/callback', 'user or a password'],
  ['a user and a password', 'https://a:b@app.example.com/callback', 'user or a password'],
  ['an empty user', 'https://@app.example.com/callback', 'user or a password'],
  ['a backslash for a slash', 'https://app.example.com\\@evil.example/', 'must not hold any of'],
  ['a backslash in the path', 'https://app.example.com/\\evil.example', 'must not hold any of'],
  ['a space', 'https://app.example.com/ callback', 'must be ASCII'],
  ['a tab in the scheme', 'java\tscript:alert(1)', 'must be ASCII'],
  ['a newline', 'https://app.example.com/\ncallback', 'must be ASCII'],
  ['a null', 'https://app.example.com/\0callback', 'must be ASCII'],
  ['an encoded null', 'https://app.example.com/%00callback', 'control characters'],
  ['an encoded line break', 'https://app.example.com/%0d%0aSet-Cookie:x', 'control characters'],
  ['a half percent escape', 'https://app.example.com/%2', 'hexadecimal'],
  ['full-width letters', 'https://ａpp.example.com/callback', 'must be ASCII'],
  ['an IDN in Unicode', 'https://bücher.example/callback', 'must be ASCII'],
  ['a right-to-left override', 'https://app.example.com/\u202Ekcabllac', 'must be ASCII'],
  ['dot segments', 'https://app.example.com/a/../callback', 'dot segments'],
  ['a dot segment at the end', 'https://app.example.com/callback/.', 'dot segments'],
  ['encoded dots', 'https://app.example.com/%2e%2e/callback', 'encoded dots'],
  ['half-encoded dots', 'https://app.example.com/.%2E/callback', 'encoded dots'],
  ['doubly encoded dots', 'https://app.example.com/%252e%252e/callback', 'encoded dots'],
  ['trebly encoded dots', 'https://app.example.com/%25252e%25252e/callback', 'encoded dots'],
  ['an encoded slash', 'https://app.example.com/a%2Fb', 'encoded dots'],
  ['an encoded backslash', 'https://app.example.com/a%5Cb', 'encoded dots'],
  ['dots with a parameter', 'https://app.example.com/..;/callback', 'dot segments'],
  ['upper case in the host', 'https://App.example.com/callback', 'must be written as'],
  ['upper case in the scheme', 'HTTPS://app.example.com/callback', 'must begin with https://'],
  ['a default port', 'https://app.example.com:443/callback', 'must be written as'],
  ['an empty port', 'https://app.example.com:/callback', 'must be written as'],
  ['a number for a host', 'https://2130706433/callback', 'must be written as'],
  ['an octal host', 'http://0177.0.0.1/callback', 'must be written as'],
  ['an encoded host', 'https://%65vil.example/callback', 'must be written as'],
  ['a trailing dot', 'https://app.example.com./callback', 'ends in a dot'],
  ['no host', 'https:///callback', 'must begin with https://'],
  ['one slash', 'https:/app.example.com/callback', 'must begin with https://'],
  ['http on the network', 'http://app.example.com/callback', 'must be https'],
  ['a host that begins like loopback', 'http://127.0.0.1.evil.example/callback', 'must be https'],
  ['a host that begins like localhost', 'http://localhost.evil.example/', 'must be https'],
  ['all addresses', 'http://0.0.0.0/callback', 'must be https'],
  ['a mapped address', 'http://[::ffff:127.0.0.1]/callback', 'must be https'],
  ['a script', 'javascript:alert(1)', 'must be https'],
  [
    'a script that looks like a URL',
    'javascript://app.example.com/%0aalert(1)',
    'control characters',
  ],
  ['data', 'data:text/html,x', 'must be https'],
  ['a file', 'file:///etc/passwd', 'must be https'],
  ['too long', `https://app.example.com/${'a'.repeat(2048)}`, 'at most 2048'],
];

describe('redirect URIs that cannot be registered', () => {
  test.each(ATTACKS)('with %s (%s)', (_, uri, reason) => {
    expect(redirectUriProblem(uri, web)).toContain(reason);
  });

  test.each(ATTACKS)('with %s (%s), by a native client either', (_, uri) => {
    expect(redirectUriProblem(uri, native)).toBeDefined();
  });

  test.each([
    ['a scheme that is a word', 'myapp:/callback'],
    ['a scheme in upper case', 'com.Example.app:/callback'],
    ['a scheme without a path', 'com.example.app:callback'],
    ['a scheme with a user', 'com.example.app://user@host/callback'],
    ['dot segments behind a scheme', 'com.example.app:/a/../callback'],
    ['dots for a host', 'com.example.app://../callback'],
    ['a scheme that ends in a dot', 'com.example.:/callback'],
    ['https on this machine', 'https://localhost/callback'],
    ['vbscript', 'vbscript:msgbox(1)'],
    ['a port that is no number', 'com.example.app://host:port/callback'],
    ['a view of source', 'view-source:https://app.example.com/'],
  ])('by a native client: %s', (_, uri) => {
    expect(redirectUriProblem(uri, native)).toBeDefined();
  });

  test('a private-use scheme by a web client', () => {
    expect(redirectUriProblem('com.example.app:/callback', web)).toContain('must be https');
  });
});
