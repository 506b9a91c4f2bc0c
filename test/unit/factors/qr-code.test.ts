import { encode } from 'uqr';
import { expect, test } from 'vitest';
import { qrCodeOf } from '../../../src/factors/qr-code.ts';

test('the path draws every dark module and no other, with four of white around', () => {
  const text = 'otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example';
  const { size, path } = qrCodeOf(text);
  const drawn = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/gu)) {
    for (let at = Number(x); at < Number(x) + Number(width); at += 1) {
      const row = drawn[Number(y)];
      if (row) row[at] = true;
    }
  }
  expect(drawn).toEqual(encode(text, { ecc: 'M', border: 4 }).data);
  const edge = [0, 1, 2, 3, size - 4, size - 3, size - 2, size - 1];
  for (const at of edge) expect(drawn[at]?.some(Boolean)).toBe(false);
  expect(drawn[4]?.slice(4, 11)).toEqual(Array.from({ length: 7 }, () => true));
});
