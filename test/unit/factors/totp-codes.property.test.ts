import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Secret } from 'otpauth';
import { expect, test } from 'vitest';
import {
  enrolmentUri,
  grouped,
  newSecret,
  secretIn,
  stepOf,
} from '../../../src/factors/totp-codes.ts';

/** RFC 6238 with the truncation of RFC 4226 section 5.3, by hand. */
function codeOfStep(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 0xf;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [20_000_000_000, '353130'],
])('at %s the code of RFC 6238 appendix B is %s', (seconds, code) => {
  const secret = new Secret({ buffer: new TextEncoder().encode('12345678901234567890').buffer });
  expect(stepOf(code, secret.base32, seconds * 1000)).toBe(Math.floor(seconds / 30));
});

test('a code is of a step when it is of one at most one away, and of no other', () => {
  const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 });
  const now = fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 });
  fc.assert(
    fc.property(bytes, now, fc.integer({ min: -50, max: 50 }), (secret, nowMs, away) => {
      const present = Math.floor(nowMs / 30_000);
      const near = [-1, 0, 1].map((shift) => codeOfStep(secret, present + shift));
      const code = codeOfStep(secret, present + away);
      const found = stepOf(code, new Secret({ buffer: secret.slice().buffer }).base32, nowMs);
      if (near.includes(code)) expect(near[(found ?? 0) - present + 1]).toBe(code);
      else expect(found).toBeUndefined();
    }),
  );
});

test('nothing but six digits is a code', () => {
  for (const typed of ['', '12345', '1234567', 'abcdef', '12345a', '-1', '1e5', '９'.repeat(7)]) {
    expect(stepOf(typed, newSecret(), 0)).toBeUndefined();
  }
});

test('a secret has 160 bits and is typed in groups of four', () => {
  const secret = newSecret();
  expect(Secret.fromBase32(secret).bytes).toHaveLength(20);
  expect(grouped(secret).split(' ')).toHaveLength(8);
  expect(newSecret()).not.toBe(secret);
});

test('a secret of elsewhere is read alone, in groups, and in the address of a QR code', () => {
  const secret = newSecret();
  for (const given of [
    secret,
    secret.toLowerCase(),
    grouped(secret),
    enrolmentUri(secret, 'Old House', 'ada@example.com'),
  ])
    expect(secretIn(given)).toBe(secret);
  expect(secretIn('JBSWY3DPEHPK3PXP====')).toBe('JBSWY3DPEHPK3PXP');
});

test.each([
  '',
  'JBSWY3DP',
  'JBSWY3DPEHPK3PX1',
  'A'.repeat(300),
  'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&algorithm=SHA256',
  'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=8',
  'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=60',
  'otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=1',
  'otpauth://totp/x',
])('%.60s is the secret of no app that could be carried', (given) => {
  expect(secretIn(given)).toBeUndefined();
});
