import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createModularPower } from '../../../src/cognito/modular-power.ts';
import { claimSignature, createSrp } from '../../../src/cognito/srp.ts';
import { rounds } from '../../support/counts.ts';
import { createSrpClient, N, power } from '../../support/srp-client.ts';

const POOL = 'us-east-1_Dev00001';
const NAME = 'Dev00001alice';
const PASSWORD = 'correct horse';
const SECRET_BLOCK = Buffer.from('a secret block').toString('base64');

const srp = createSrp();

/** What the server makes of a client that has `password`. */
function proves(password: string, secret?: string): boolean {
  const client = createSrpClient(secret);
  const { salt, verifier } = srp.verifierOf(NAME, PASSWORD);
  const keys = srp.serverKeys(verifier);
  const parameters = { SALT: salt, SRP_B: keys.B, SECRET_BLOCK, USER_ID_FOR_SRP: 'alice' };
  const answer = client.answer(parameters, { pool: POOL, password });
  const key = srp.signingKey({ A: client.A, keys, verifier });
  const timestamp = answer['TIMESTAMP'] ?? '';
  const claim = { name: NAME, secretBlock: SECRET_BLOCK, timestamp };
  return key !== undefined && claimSignature(key, claim) === answer['PASSWORD_CLAIM_SIGNATURE'];
}

describe('SRP', () => {
  test('agrees with a client that computes by plain arithmetic, whatever the first digits are', () => {
    for (let round = 0; round < rounds(30, 2000); round += 1) expect(proves(PASSWORD)).toBe(true);
  });

  test('takes no proof of another password', () => {
    expect(proves('correct horsf')).toBe(false);
    expect(proves('')).toBe(false);
  });

  test.each([
    ['zero', '0'],
    ['the prime', N.toString(16)],
    ['a multiple of the prime', (N * 3n).toString(16)],
    ['no number', 'xyz'],
    ['nothing', ''],
    ['more digits than there are', 'f'.repeat(5000)],
  ])('refuses a public value that is %s', (_, A) => {
    const { verifier } = srp.verifierOf(NAME, PASSWORD);
    expect(srp.signingKey({ A, keys: srp.serverKeys(verifier), verifier })).toBeUndefined();
  });

  test('never makes the same verifier of one password twice', () => {
    expect(srp.verifierOf(NAME, PASSWORD)).not.toEqual(srp.verifierOf(NAME, PASSWORD));
  });

  test('holds the event loop for less than 20 ms a sign-in', () => {
    const client = createSrpClient();
    const { verifier } = srp.verifierOf(NAME, PASSWORD);
    const times = Array.from({ length: 21 }, () => {
      const start = performance.now();
      srp.signingKey({ A: client.A, keys: srp.serverKeys(verifier), verifier });
      return performance.now() - start;
    });
    expect(times.toSorted((one, other) => one - other)[10]).toBeLessThan(20);
  });
});

test('powers by OpenSSL are those of plain arithmetic', () => {
  const prime = Buffer.from(N.toString(16), 'hex');
  const openssl = createModularPower(prime, Buffer.from([2]));
  for (let round = 0; round < 20; round += 1) {
    const [base, exponent] = [randomBytes(384 - (round % 3)), randomBytes(1 + round * 2)];
    const [ofBase, ofExponent] = [base, exponent].map((one) => BigInt(`0x${one.toString('hex')}`));
    const square = power(ofBase ?? 0n, 2n);
    const expected = power(square, ofExponent ?? 0n);
    const made = openssl(Buffer.from(even(square.toString(16)), 'hex'), exponent);
    expect(BigInt(`0x${made.toString('hex')}`)).toBe(expected);
  }
});

function even(hex: string): string {
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}
