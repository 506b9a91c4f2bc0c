import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  newRecoveryCode,
  readRecoveryCode,
  recoveryCodeHash,
} from '../../../src/factors/recovery-code-text.ts';

const alphabet = fc.constantFrom(...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'.split(''));
const code = fc.array(alphabet, { minLength: 16, maxLength: 16 }).map((all) => all.join(''));
const gap = fc.constantFrom('', ' ', '-', '  ', '.', '\u2013');

test('a code has 80 bits in four groups that say nothing', () => {
  const codes = Array.from({ length: 2000 }, newRecoveryCode);
  for (const one of codes)
    expect(one).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/u);
  expect(new Set(codes).size).toBe(2000);
  // Every character can stand everywhere: 2000 draws of 32 miss one by chance once in 10^25.
  for (let at = 0; at < 19; at += 1) {
    if (at % 5 === 4) continue;
    expect(new Set(codes.map((one) => one[at])).size).toBe(32);
  }
});

test('a code is read however it is typed', () => {
  fc.assert(
    fc.property(
      code,
      fc.array(gap, { minLength: 16, maxLength: 16 }),
      fc.boolean(),
      (made, gaps, isSmall) => {
        const sloppy = made.replaceAll('0', 'O').replaceAll('1', isSmall ? 'l' : 'I');
        const typed = sloppy
          .split('')
          .map((one, index) => `${gaps[index] ?? ''}${isSmall ? one.toLowerCase() : one}`)
          .join('');
        expect(readRecoveryCode(typed)).toBe(made);
      },
    ),
  );
});

test('what is no code is read as none, however long', () => {
  for (const typed of ['', '7K2M', 'U'.repeat(16), 'A'.repeat(17), ' '.repeat(1e6)]) {
    expect(readRecoveryCode(typed)).toBeUndefined();
  }
});

test('the same code of two people has two hashes', () => {
  const made = newRecoveryCode();
  expect(recoveryCodeHash('alice', made)).not.toBe(recoveryCodeHash('mallory', made));
  expect(recoveryCodeHash('alice', made)).toBe(
    recoveryCodeHash('alice', readRecoveryCode(made) ?? ''),
  );
});
