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

  test('makes of a salt that begins with zeros what clients make of it, who lose them', () => {
    const salt = Buffer.from('00007f00112233445566778899aabbcc', 'hex');
    const shorter = salt.subarray(2);
    expect(srp.verifierOf(NAME, PASSWORD, salt)).toEqual(srp.verifierOf(NAME, PASSWORD, shorter));
    expect(srp.verifierOf(NAME, PASSWORD, salt).salt).toBe(shorter.toString('hex'));
  });

  test('keeps the processor for less than 20 ms a sign-in', () => {
    const client = createSrpClient();
    const times = Array.from({ length: 21 }, () => {
      const start = process.threadCpuUsage();
      // What a handshake does: nobody’s verifier is made for everybody, so that nobody takes as long.
      const { verifier } = srp.verifierOf(NAME, PASSWORD);
      srp.signingKey({ A: client.A, keys: srp.serverKeys(verifier), verifier });
      const { user, system } = process.threadCpuUsage(start);
      return (user + system) / 1000;
    });
    expect(times.toSorted((one, other) => one - other)[10]).toBeLessThan(20);
  });
});

/** Of the tests of soto-cognito-authentication-kit, which signs in at Amazon itself. */
const PUBLISHED = {
  a: '37981750af33fdf93fc6dce831fe794aba312572e7c3347252854e5ce7c7f40343f5ad82f9ad3585c8cb1184c54c562f8317fc2924c6c7ade72f1e8d964f606e040c8f9f0b12e3fe6b6828202a5e40ca0103e880531921e56de3acc410331b8e5ddcd0dbf249bfa104f6b797719613aa50eabcdb40fd5457f64861dd71890eba',
  B: 'a0812a0ee3fa8484a73addeb6a9afa145cff1eca2a6b86537a5d15132d5811dd088d16e7d581b2798229350e6e473503cebddf19cabd3f14fb3450a6858bafc972a29702d8772a22b000a160812a7fe29bcac2c36d43b91c118224626c2f0782d70f79c82ac5183e0d7d8c7b23ad0bda1f4fba941998bfc82e46415e49026bb33f8271cb9a56e69f518e90bc2f4c42c7bb27720e25a14dcfbb5176effb3069a2bc627f18ec07a3e4118f61402dda56a6da3f331d8c2cf78513d767b2bf040809e5a334c7bb98cb720ef5654100cfa57d21155fc7630654964370fd512b30febc6c61bfa3415c72660c5dad3444881d272c3abd7ecec0e483493b1491391bef4348d1c27be700e443301fc856a9d1b6ca36fdc46eec9f3c51f0ea566f5a85c87d395d3d9fc2a594945a860841d5b328f1910058b2bb822ac976d961736fac42e84b46074762de8b254f37260e3b1da88529dd1060ca52b2dc9de5d77372b1d74ea111de406aac964993133a6f172e8fae54eb885e6a3cd774f1ca6be98b6ddc35',
  salt: '8dbcb21f18ae3216',
  key: 'b70fad71e9658b24b0ec678774ecca30',
};

test('the client that the server is held against signs by the key that was published', () => {
  const parameters = {
    SALT: PUBLISHED.salt,
    SRP_B: PUBLISHED.B,
    SECRET_BLOCK,
    USER_ID_FOR_SRP: 'testuser',
  };
  const proof = { pool: 'us-east-1_poolid', password: 'testpassword' };
  const answer = createSrpClient(PUBLISHED.a).answer(parameters, proof);
  const timestamp = answer['TIMESTAMP'] ?? '';
  const claim = { name: 'poolidtestuser', secretBlock: SECRET_BLOCK, timestamp };
  expect(answer['PASSWORD_CLAIM_SIGNATURE']).toBe(
    claimSignature(Buffer.from(PUBLISHED.key, 'hex'), claim),
  );
});

test('powers by OpenSSL are those of plain arithmetic', () => {
  const prime = Buffer.from(N.toString(16), 'hex');
  const openssl = createModularPower(prime, Buffer.from([2]));
  for (let round = 0; round < 20; round += 1) {
    const [base, exponent] = [randomBytes(384 - (round % 3)), randomBytes(1 + round * 2)];
    // A power of zero is one, which OpenSSL takes for no secret.
    exponent[0] = (exponent[0] ?? 0) | 1;
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
