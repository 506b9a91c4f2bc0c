import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redirectUriProblem, type RedirectUriRules } from '../../../src/clients/redirect-uri.ts';
import { rounds } from '../../support/counts.ts';

const numRuns = rounds(5000, 100_000);
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];
const rules: fc.Arbitrary<RedirectUriRules> = fc.record({
  isNative: fc.boolean(),
  isDev: fc.constant(false),
});

/** Pieces that tricks are made of, thrown together in any order. */
const SCHEMES = ['https:', 'http:', 'HTTPS:', 'javascript:', 'data:', 'com.example.app:', 'myapp:'];
const MARKS = Array.from('/\\@:#?&=;*.%,~<>"{}|^`\'\t\n\0 ').concat('//', '///', '..', '/../');
const ESCAPES = ['%2e', '%2E', '%2f', '%5c', '%00', '%0d%0a', '%252e', '%25252f', '%61', '%c0%ae'];
const HOSTS = ['app.example.com', 'evil.example', 'localhost', '127.0.0.1', '[::1]', '0x7f.1'];
const WORDS = ['user', 'user:pass', 'callback', 'a', 'A', ':443', ':80', ':3000', 'ａ', '。', '／'];
const HIDDEN = ['\u202E', '\u200D', '\u00AD', 'ß', 'é'];
const pieces = fc.constantFrom(...SCHEMES, ...MARKS, ...ESCAPES, ...HOSTS, ...WORDS, ...HIDDEN);
const attack = fc.array(pieces, { minLength: 1, maxLength: 14 }).map((parts) => parts.join(''));
const nearlyGood = fc
  .tuple(
    fc.constantFrom('https://app.example.com', 'http://localhost:3000', 'com.example.app:'),
    fc.array(pieces, { maxLength: 8 }),
  )
  .map(([start, parts]) => [start, ...parts].join(''));
const candidate = fc.oneof(attack, nearlyGood, fc.webUrl(), fc.string({ unit: 'binary' }));

describe('whatever is accepted', () => {
  function accepted(check: (uri: string, url: URL, rule: RedirectUriRules) => void): void {
    let count = 0;
    fc.assert(
      fc.property(candidate, rules, (uri, rule) => {
        if (redirectUriProblem(uri, rule) !== undefined) return;
        count += 1;
        check(uri, new URL(uri), rule);
      }),
      { numRuns },
    );
    // A validator that refused everything would pass every property.
    expect(count).toBeGreaterThan(numRuns / 50);
  }

  test('is read by a browser exactly as it is written', () => {
    accepted((uri, url) => {
      expect([uri, `${uri}/`]).toContain(url.href);
    });
  });

  test('goes over TLS, stays on this machine, or belongs to an app', () => {
    accepted((_, url, { isNative }) => {
      if (url.protocol === 'https:') return;
      if (url.protocol === 'http:') expect(LOOPBACK).toContain(url.hostname);
      else expect([isNative, url.protocol.includes('.')]).toEqual([true, true]);
    });
  });

  test('has no fragment, credentials, wildcard, or character that hides', () => {
    accepted((uri, url) => {
      expect(uri).toMatch(/^[!$%&'()+,\-./0-9:;=?@A-Z[\]_a-z~]+$/);
      expect([url.hash, url.username, url.password]).toEqual(['', '', '']);
    });
  });

  test('leads to the same host and path however often it is decoded', () => {
    accepted((uri) => {
      const [path = ''] = uri.split('?');
      const once = decodeLeniently(path);
      expect(decodeLeniently(once)).toBe(once);
      expect(once.split('/').filter((segment) => /^\.{1,2}(?:;.*)?$/.test(segment))).toEqual([]);
    });
  });
});

test('no text makes the validator throw', () => {
  fc.assert(
    fc.property(fc.oneof(candidate, fc.string()), rules, (uri, rule) => {
      expect(['string', 'undefined']).toContain(typeof redirectUriProblem(uri, rule));
    }),
    { numRuns },
  );
});

test('every ordinary https callback is accepted', () => {
  const callback = fc
    .tuple(fc.domain(), fc.array(fc.stringMatching(/^[a-z0-9_-]{1,10}$/), { maxLength: 4 }))
    .map(([host, path]) => `https://${host.toLowerCase()}/${path.join('/')}`);
  fc.assert(
    fc.property(callback, (uri) => {
      expect(redirectUriProblem(uri, { isNative: false, isDev: false })).toBeUndefined();
    }),
    { numRuns: rounds(500, 20_000) },
  );
});

/** As a careless program would: what cannot be decoded stays. */
function decodeLeniently(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}/g, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  );
}
