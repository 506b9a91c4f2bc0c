import type { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCertificateNames } from '../../../src/client-certificates/certificate-names.ts';
import { BadEncoding, readDer } from '../../../src/client-certificates/der-reader.ts';
import { readRevocationLists } from '../../../src/client-certificates/revocation-list.ts';
import { createTestAuthority, derOf } from '../../support/certificates.ts';

/** Nothing but our own error leaves `read`. */
function isRefusedInWords(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof BadEncoding;
  }
}

test('bytes are read to the last one, or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const input = Buffer.from(bytes);
      if (!isRefusedInWords(() => readDer(input))) return false;
      try {
        return Buffer.concat(readDer(input).map((value) => value.bytes)).equals(input);
      } catch {
        return true;
      }
    }),
  );
});

test('a certificate or a list with one byte changed is read or refused, never more', () => {
  const authority = createTestAuthority('bytes');
  const raw = derOf(authority.issue({ names: [['dns', 'a.example']] }).cert);
  const list = authority.revocationList([authority.issue()]);
  const listBytes = Buffer.from(list.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, change) => {
      const flipped = (bytes: Buffer): Buffer<ArrayBuffer> => {
        const copy = Uint8Array.from(bytes);
        const at = place % copy.length;
        copy[at] = (copy[at] ?? 0) ^ change;
        return Buffer.from(copy);
      };
      const certificate: Pick<X509Certificate, 'raw'> = { raw: flipped(raw) };
      const pem = `-----BEGIN X509 CRL-----\n${flipped(listBytes).toString('base64')}\n-----END X509 CRL-----`;
      return (
        isRefusedInWords(() => readCertificateNames(certificate)) &&
        isRefusedInWords(() => readRevocationLists(pem))
      );
    }),
  );
  expect(readRevocationLists(list)).toHaveLength(1);
});
