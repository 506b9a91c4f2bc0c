import { describe, expect, test } from 'vitest';
import { amrOf, isMultiFactor, withProof, type Proof } from '../../../src/flows/proofs.ts';

const proof = (method: Proof['method'], accountId = 'alice'): Proof => ({
  method,
  accountId,
  at: 1,
});

describe('what proofs amount to', () => {
  test.each([
    [['password'], ['pwd']],
    [['passkey'], ['pop']],
    [['email-code'], ['otp']],
    [['passkey-verified'], ['pop', 'user', 'mfa']],
    [
      ['password', 'totp'],
      ['pwd', 'otp', 'mfa'],
    ],
    [
      ['password', 'passkey'],
      ['pwd', 'pop', 'mfa'],
    ],
    [
      ['password', 'recovery-code'],
      ['pwd', 'otp', 'mfa'],
    ],
    [
      ['email-code', 'totp'],
      ['otp', 'mfa'],
    ],
    [
      ['email-code', 'passkey'],
      ['otp', 'pop', 'mfa'],
    ],
    // Two things that one has are one factor.
    [
      ['passkey', 'totp'],
      ['pop', 'otp'],
    ],
  ] as const)('%j is %j', (methods, amr) => {
    const proofs = methods.map((method) => proof(method));
    expect(amrOf(proofs)).toEqual(amr);
    expect(isMultiFactor(proofs)).toBe(amr.some((value) => value === 'mfa'));
  });
});

describe('one proof more', () => {
  test('adds to those of the same account', () => {
    expect(withProof([proof('password')], proof('totp'))).toEqual([
      proof('password'),
      proof('totp'),
    ]);
  });

  test('of the same method takes its place', () => {
    expect(withProof([proof('password')], { ...proof('password'), at: 2 })).toEqual([
      { ...proof('password'), at: 2 },
    ]);
  });

  test('that says that somebody else is there leaves nothing of before', () => {
    const proofs = [proof('password'), proof('totp')];
    expect(withProof(proofs, proof('password', 'bob'))).toEqual([proof('password', 'bob')]);
  });

  test.each(['totp', 'recovery-code'] as const)(
    '%s of another account, or of none, is refused',
    (method) => {
      expect(() => withProof([proof('password')], proof(method, 'bob'))).toThrow(TypeError);
      expect(() => withProof([], proof(method))).toThrow(TypeError);
    },
  );
});
