import { generateKeyPairSync, sign as signWith, type KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { createFeedSigner, type FeedKey } from '../../../src/revocation/feed-signing.ts';
import { RevocationUnknown } from '../../../src/revocation/revocation.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

function key(algorithm: string, phase: string, privateKey: KeyObject): FeedKey {
  return {
    kid: `${algorithm}-${phase}`,
    algorithm,
    phase,
    sign: (data) => signWith('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}

describe('the signature of the feed', () => {
  test('is by the ES256 key that signs now, and verifies', async () => {
    const keys = [
      key('RS256', 'signing', rsa.privateKey),
      key('ES256', 'published', rsa.privateKey),
      key('ES256', 'signing', ec.privateKey),
    ];
    const jws = await createFeedSigner(() => keys)({ iss: 'ä' }, 'x+jwt');
    const { payload, protectedHeader } = await compactVerify(jws, ec.publicKey);
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'ES256-signing', typ: 'x+jwt' });
    expect(new TextDecoder().decode(payload)).toBe('{"iss":"ä"}');
  });

  test('is by another key that signs where there is no ES256', async () => {
    const keys = [
      key('RS256', 'verifying', ec.privateKey),
      key('RS256', 'signing', rsa.privateKey),
    ];
    const jws = await createFeedSigner(() => keys)({}, 'x+jwt');
    await expect(compactVerify(jws, rsa.publicKey)).resolves.toBeDefined();
  });

  test('is not made when no key signs', () => {
    const sign = createFeedSigner(() => [key('ES256', 'verifying', ec.privateKey)]);
    expect(() => sign({}, 'x+jwt')).toThrow(RevocationUnknown);
  });
});
