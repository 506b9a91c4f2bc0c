import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isSampleSecret,
  SECRET_BITS_MIN,
  strengthBits,
} from '../../../src/config/secret-strength.ts';
import { rounds } from '../../support/counts.ts';

const numRuns = rounds(1000, 100_000);
// Uniform, unlike fast-check's own bytes, which prefer small and repeated values.
const chance = fc.noShrink(
  fc.infiniteStream(fc.nat({ max: 255 })).map((stream) => Uint8Array.from(stream.take(16))),
);

test.each(['hex', 'base64url', 'base64'] as const)('16 random bytes are enough, as %s', (form) => {
  fc.assert(
    fc.property(chance, (bytes) => {
      expect(strengthBits(Buffer.from(bytes).toString(form))).toBeGreaterThanOrEqual(
        SECRET_BITS_MIN,
      );
    }),
    { numRuns, unbiased: true },
  );
});

test('a short secret is weak, however it is made', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), (text) => {
      expect(strengthBits(text)).toBeLessThan(SECRET_BITS_MIN);
    }),
    { numRuns },
  );
});

test('saying a short secret again and again makes it no stronger', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 15 }),
      fc.integer({ min: 1, max: 20 }),
      (text, times) => {
        expect(strengthBits(text.repeat(times))).toBeLessThan(SECRET_BITS_MIN);
      },
    ),
    { numRuns },
  );
});

test.each([
  '',
  'password',
  'a'.repeat(100),
  '0123456789abcdef0123456789abcdef',
  'abcdefghijklmnopqrstuvwxyz0123456789',
])('weak: %s', (secret) => expect(strengthBits(secret)).toBeLessThan(SECRET_BITS_MIN));

test.each([
  'latchkey-dev-web-secret-that-is-long',
  'CHANGE_ME',
  'change-me-0123456789abcdefghij',
  'your-secret',
])('known to everyone: %s', (secret) => expect(isSampleSecret(secret)).toBe(true));

test('what chance made is no sample', () => {
  expect(isSampleSecret('kPq3vX0bT8yZr5mWfJ7nLa')).toBe(false);
});
