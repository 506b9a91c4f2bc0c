import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSealer, masterKeyId, SealBroken } from '../../../src/runtime/sealing.ts';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const sealer = createSealer([oldKey]);
const secret = Buffer.from('what nobody may read', 'utf8');

describe('a sealer', () => {
  test('opens what it sealed, of any size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), fc.string(), (plain, context) => {
        expect(Buffer.from(sealer.open(sealer.seal(plain, context), context))).toEqual(
          Buffer.from(plain),
        );
      }),
    );
  });

  test('seals the same text differently each time, and shows nothing of it', () => {
    const texts = new Set(Array.from({ length: 100 }, () => sealer.seal(secret, 'c')));
    expect(texts.size).toBe(100);
    expect([...texts].join('')).not.toContain(secret.toString('base64url').slice(0, 12));
  });

  test('opens nothing that was sealed for something else', () => {
    const sealed = sealer.seal(secret, 'signing-key main ES256 a');
    expect(() => sealer.open(sealed, 'signing-key main ES256 b')).toThrow(SealBroken);
  });

  test('opens nothing of which one bit was changed, or anything cut or added', () => {
    const sealed = sealer.seal(secret, 'c');
    const [version = '', keyId = '', body = ''] = sealed.split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const text = [version, keyId, flipped.toString('base64url')].join('.');
      expect(() => sealer.open(text, 'c')).toThrow(SealBroken);
    }
    for (let length = 0; length < sealed.length; length += 1)
      expect(() => sealer.open(sealed.slice(0, length), 'c')).toThrow(SealBroken);
    for (const text of [
      `${sealed}AAAA`,
      `v2.${keyId}.${body}`,
      `v1.AAAAAAAA.${body}`,
      `${sealed} `,
    ])
      expect(() => sealer.open(text, 'c')).toThrow(SealBroken);
  });

  test('opens under every master key it has, and seals under the first', () => {
    const both = createSealer([newKey, oldKey]);
    expect(Buffer.from(both.open(sealer.seal(secret, 'c'), 'c'))).toEqual(secret);
    const sealed = both.seal(secret, 'c');
    expect(sealed.split('.')[1]).toBe(masterKeyId(newKey));
    expect(() => sealer.open(sealed, 'c')).toThrow(`unknown master key ${masterKeyId(newKey)}`);
  });

  test('takes no master key that is too short', () => {
    expect(() => createSealer([randomBytes(31)])).toThrow(TypeError);
  });

  test('names a master key without giving any of it away', () => {
    const id = masterKeyId(oldKey);
    expect(id).toHaveLength(8);
    expect(oldKey.toString('base64url')).not.toContain(id);
  });
});
