import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isCanonicalPath } from '../../../src/http/path.ts';
import { rounds } from '../../support/counts.ts';

const numRuns = rounds(300, 20_000);

test.each(['/', '/token', '/.well-known/jwks.json', '/register/a%2Fb', '/interaction/x_Y-9~'])(
  '%s is served',
  (path) => {
    expect(isCanonicalPath(path)).toBe(true);
  },
);

test.each([
  '',
  '*',
  'http://evil.example/token',
  '//token',
  '/token/',
  '/a//b',
  '/./token',
  '/a/../token',
  '/%74oken',
  '/a%2fb',
  '/%',
  '/%ff',
  '/token%0',
  '/to\\ken',
  '/token#x',
  '/tok en',
  '/tökén',
])('%s is not', (path) => {
  expect(isCanonicalPath(path)).toBe(false);
});

test('what encodeURIComponent makes of a segment is its one spelling', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (segment) => {
      fc.pre(segment !== '.' && segment !== '..');
      expect(isCanonicalPath(`/${encodeURIComponent(segment)}`)).toBe(true);
    }),
    { numRuns },
  );
});

test('an unreserved character spelled as an escape is another spelling, and refused', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\w.~-]{1,12}$/), fc.nat(), (segment, at) => {
      const index = at % segment.length;
      const escape = `%${segment.charCodeAt(index).toString(16).toUpperCase()}`;
      expect(
        isCanonicalPath(`/${segment.slice(0, index)}${escape}${segment.slice(index + 1)}`),
      ).toBe(false);
    }),
    { numRuns },
  );
});
