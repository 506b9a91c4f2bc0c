import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRegisteredUri } from '../../../src/provider/redirect-uris.ts';

const REGISTERED = [
  'https://app.example.com/cb',
  'http://127.0.0.1/cb',
  'http://[::1]:3000/cb?x=1',
];

test('without any port, only the very bytes that were registered are taken', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.string(), mutated()), (candidate) => {
      expect(isRegisteredUri(REGISTERED, candidate, false)).toBe(REGISTERED.includes(candidate));
    }),
  );
});

test('with any port, what is taken differs from a registered loopback URI in its port alone', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), mutated(), loopback()), (candidate) => {
      if (!isRegisteredUri(REGISTERED, candidate, true) || REGISTERED.includes(candidate)) return;
      const url = new URL(candidate);
      expect(['127.0.0.1', '[::1]']).toContain(url.hostname);
      expect(url.protocol).toBe('http:');
      const bare = (uri: string): string =>
        uri.replace(/^(http:\/\/(?:127\.0\.0\.1|\[::1\])):\d+/, '$1');
      expect(REGISTERED.map(bare)).toContain(bare(candidate));
    }),
  );
});

test('every port of a registered loopback URI is taken', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_535 }), (port) => {
      expect(isRegisteredUri(REGISTERED, `http://127.0.0.1:${port}/cb`, true)).toBe(true);
      expect(isRegisteredUri(REGISTERED, `http://127.0.0.1:${port}/cb`, false)).toBe(false);
      expect(isRegisteredUri(REGISTERED, `http://localhost:${port}/cb`, true)).toBe(false);
    }),
  );
});

test.each([
  'http://127.0.0.1:80@evil.example/cb',
  'http://127.0.0.1:/cb',
  'http://127.0.0.1:65536/cb',
  'http://127.0.0.1:3000/cb\n',
  'http://127.0.0.1:3000\\cb',
  'http://127.0.0.1:3000/cb#x',
  'http://127.1:3000/cb',
  'HTTP://127.0.0.1:3000/cb',
  'https://app.example.com:3000/cb',
])('%j is not taken', (candidate) => {
  expect(isRegisteredUri(REGISTERED, candidate, true)).toBe(false);
});

/** A registered URI with one character changed, added or taken away. */
function mutated(): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...REGISTERED),
      fc.nat(),
      fc.constantFrom('', '/', '%', '@', '.', '\\', '#', ':', 'A', ' '),
    )
    .map(([uri, at, text]) => {
      const place = at % (uri.length + 1);
      return uri.slice(0, place) + text + uri.slice(place + (at % 2));
    });
}

function loopback(): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom('127.0.0.1', '[::1]', 'localhost', '127.0.0.2'),
      fc.nat({ max: 99_999 }),
      fc.constantFrom('/cb', '/cb?x=1', '/', ''),
    )
    .map(([host, port, path]) => `http://${host}:${port}${path}`);
}
