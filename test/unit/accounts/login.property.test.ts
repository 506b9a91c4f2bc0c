import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldEmail, foldLogin, foldUsername } from '../../../src/accounts/login.ts';
import { rounds } from '../../support/counts.ts';

const numRuns = rounds(2000, 100_000);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.string({ unit: 'grapheme', maxLength: 70 }),
  fc.string({ maxLength: 70 }),
);
/** Letters that fold in surprising ways: sigma, dotted and dotless i, full width, ligatures, Kelvin. */
const tricky = fc.string({
  unit: fc.constantFrom(...Array.from('aAzZ0._-ςσΣİıIﬁＡａK\u212AßẞéÉ\u0301\u0345Ǆǆ')),
  minLength: 1,
  maxLength: 12,
});
const emailLike = fc
  .tuple(fc.oneof(tricky, anyText), fc.oneof(tricky, anyText, fc.domain()))
  .map(([local, domain]) => `${local}@${domain}`);

describe('folding usernames', () => {
  test('folding twice is folding once', () => {
    fc.assert(
      fc.property(fc.oneof(tricky, anyText), (name) => {
        const key = foldUsername(name);
        if (key !== undefined) expect(foldUsername(key)).toBe(key);
      }),
      { numRuns },
    );
  });

  test('what looks the same after Unicode normalisation is the same name', () => {
    fc.assert(
      fc.property(tricky, fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'), (name, form) => {
        expect(foldUsername(name.normalize(form))).toBe(foldUsername(name));
      }),
      { numRuns },
    );
  });

  test('no key holds a character that cannot be seen, nor an @', () => {
    fc.assert(
      fc.property(fc.oneof(tricky, anyText), (name) => {
        expect(foldUsername(name) ?? '').toMatch(/^[\p{L}\p{M}\p{N}._-]*$/u);
      }),
      { numRuns },
    );
  });

  test('upper and lower case ASCII are one name', () => {
    const ascii = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,30}[A-Za-z0-9]$/);
    fc.assert(
      fc.property(ascii, (name) => {
        expect(foldUsername(name)).toBe(name.toLowerCase());
        expect(foldUsername(name.toUpperCase())).toBe(name.toLowerCase());
      }),
      { numRuns },
    );
  });
});

describe('folding e-mail addresses', () => {
  test('folding twice is folding once', () => {
    fc.assert(
      fc.property(emailLike, (email) => {
        const key = foldEmail(email);
        if (key !== undefined) expect(foldEmail(key)).toBe(key);
      }),
      { numRuns },
    );
  });

  test('a key has one @, a host in ASCII, and nothing that cannot be seen', () => {
    fc.assert(
      fc.property(emailLike, (email) => {
        const key = foldEmail(email);
        if (key !== undefined) expect(key).toMatch(/^[^\s@\p{C}]+@[a-z0-9.-]+$/u);
      }),
      { numRuns },
    );
  });

  test('every ordinary address is taken, in any case', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (email) => {
        fc.pre(email.length <= 254 && !/[^.]{64}/.test(email));
        expect(foldEmail(email)).toBe(email.toLowerCase());
        expect(foldEmail(email.toUpperCase())).toBe(email.toLowerCase());
      }),
      { numRuns },
    );
  });
});

test('no text makes folding throw, and a username never folds like an e-mail address', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, emailLike, tricky), (text) => {
      const login = foldLogin(text);
      if (login !== undefined) expect(login.key.includes('@')).toBe(login.kind === 'email');
    }),
    { numRuns },
  );
});
