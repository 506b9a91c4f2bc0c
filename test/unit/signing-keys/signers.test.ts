import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSigner, joseSignature } from '../../../src/signing-keys/signers.ts';
import { rounds } from '../../support/counts.ts';

/** DER of an ECDSA signature, written by hand so that every length of r and s comes up. */
function der(r: Uint8Array, s: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array): Buffer => {
    const from = bytes.findIndex((byte) => byte !== 0);
    const significant = Buffer.from(bytes.subarray(from < 0 ? bytes.length - 1 : from));
    const positive = (significant[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : [];
    const content = Buffer.concat([...positive, significant]);
    return Buffer.concat([Buffer.from([0x02, content.length]), content]);
  };
  const body = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

describe('an ES256 signature', () => {
  test('is r and s of 32 bytes each, whatever their size (RFC 7518 section 3.4)', () => {
    const scalar = fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 32 }))
      .map(([bytes]) => Buffer.concat([Buffer.alloc(32 - bytes.length), bytes]));
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        expect(Buffer.from(joseSignature(der(r, s)))).toEqual(Buffer.concat([r, s]));
      }),
      { numRuns: 2000 },
    );
  });

  test('verifies in the form that verifiers of JWS expect', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signer = createSigner('ES256', privateKey);
    for (let index = 0; index < rounds(500, 20_000); index += 1) {
      const data = Buffer.from(`token ${index}`, 'utf8');
      const signature = await signer(data);
      const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
      expect(verify('sha256', data, key, signature)).toBe(true);
    }
  });

  test('is made without a promise, and an RSA one off the event loop', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const data = Buffer.from('data', 'utf8');
    expect(createSigner('ES256', ec)(data)).toBeInstanceOf(Uint8Array);
    expect(createSigner('RS256', rsa)(data)).toBeInstanceOf(Promise);
  });
});

test('the DER that OpenSSL writes has the two lengths that the conversion relies on', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (let index = 0; index < 200; index += 1) {
    const signature = sign('sha256', Buffer.from(String(index), 'utf8'), privateKey);
    expect([signature[0], signature[1], signature[2]]).toEqual([0x30, signature.length - 2, 0x02]);
  }
});
