import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readPrivateKey } from '../../../src/signing-keys/import-key.ts';
import { thumbprint } from '../../../src/signing-keys/key-material.ts';
import { SAMPLE_KEYS } from '../../../src/signing-keys/sample-keys.ts';
import { SAMPLE_JWKS, SAMPLE_PRIVATE_JWKS } from './sample-jwks.ts';

const rsa = (modulusLength: number, publicExponent = 65_537): KeyObject =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;
const pem = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString();
const jwk = (key: KeyObject, more: object = {}): string =>
  JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });

const rsaKey = rsa(2048);
const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const edKey = generateKeyPairSync('ed25519').privateKey;

describe('a key of the operator', () => {
  test.each([
    ['an RSA key as PKCS #8', 'RS256', pem(rsaKey)],
    ['an RSA key as PKCS #1', 'PS256', rsaKey.export({ format: 'pem', type: 'pkcs1' }).toString()],
    ['an RSA key as a JWK', 'RS256', jwk(rsaKey, { alg: 'RS256', use: 'sig', kid: 'mine' })],
    ['a P-256 key as SEC 1', 'ES256', ecKey.export({ format: 'pem', type: 'sec1' }).toString()],
    ['a P-256 key as a JWK', 'ES256', jwk(ecKey)],
    ['an Ed25519 key as PKCS #8', 'EdDSA', `\n${pem(edKey)}\n`],
  ] as const)('may be %s', async (_, algorithm, material) => {
    expect((await readPrivateKey(material, algorithm)).type).toBe('private');
  });

  test.each([
    ['of 1024 bits', 'RS256', pem(rsa(1024)), 'must have 2048 to 8192 bits, not 1024'],
    ['with the exponent 3', 'RS256', pem(rsa(2048, 3)), 'exponent of at least 65537'],
    ['of another type', 'RS256', pem(ecKey), 'RS256 needs an RSA key'],
    ['of another type', 'EdDSA', pem(rsaKey), 'EdDSA needs an Ed25519 key'],
    [
      'on another curve',
      'ES256',
      pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      'on the curve P-256',
    ],
    ['for another algorithm', 'PS256', jwk(rsaKey, { alg: 'RS256' }), 'for another algorithm'],
    ['for encryption', 'RS256', jwk(rsaKey, { use: 'enc' }), 'not for signatures'],
    ['that is public', 'ES256', jwk(ecKey, { d: undefined }), 'not a private key as a JWK'],
    [
      'that is encrypted',
      'ES256',
      ecKey
        .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
        .toString(),
      'decrypt it first',
    ],
    ['that is no key', 'ES256', 'hello', 'neither a private key as PEM nor a JWK'],
    ['that is cut', 'ES256', jwk(ecKey).slice(0, -9), 'not a private key as a JWK'],
    ['of RFC 7515', 'ES256', JSON.stringify(SAMPLE_PRIVATE_JWKS.ES256), 'RFC 7515 appendix A.3'],
    ['of RFC 8037', 'EdDSA', JSON.stringify(SAMPLE_PRIVATE_JWKS.EdDSA), 'RFC 8037 appendix A.1'],
  ] as const)('may not be one %s', async (_, algorithm, material, reason) => {
    await expect(readPrivateKey(material, algorithm)).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_KEY_ORDER_REFUSED',
        message: expect.stringContaining(reason) as string,
      }),
    );
  });

  test('may not have a private half that belongs to another public half', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      format: 'jwk',
    });
    await expect(readPrivateKey(jwk(ecKey, { x: other.x, y: other.y }), 'ES256')).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_ORDER_REFUSED' }),
    );
  });

  test('is nowhere in the words of a refusal', async () => {
    const key = rsa(1024);
    const { d = '' } = key.export({ format: 'jwk' });
    const error = await readPrivateKey(jwk(key), 'RS256').catch((thrown: unknown) => thrown);
    expect(String((error as Error).stack)).not.toContain(d.slice(0, 16));
    expect((error as Error).cause).toBeUndefined();
  });
});

describe('the sample keys of RFCs', () => {
  test.each(Object.entries(SAMPLE_JWKS))('%s is known', (_, sample) => {
    expect(SAMPLE_KEYS.has(thumbprint(sample))).toBe(true);
  });

  test('are known by the thumbprints that RFCs print for two of them', () => {
    expect([...SAMPLE_KEYS.keys()]).toEqual(
      expect.arrayContaining([
        'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
        'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
      ]),
    );
    expect(SAMPLE_KEYS.size).toBe(Object.keys(SAMPLE_JWKS).length);
  });
});
