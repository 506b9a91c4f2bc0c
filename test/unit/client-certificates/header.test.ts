import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseCertificate } from '../../../src/client-certificates/client-certificate.ts';
import { createTestAuthority, derOf, thumbprintOf } from '../../support/certificates.ts';

const { cert } = createTestAuthority('headers').issue();
const base64 = derOf(cert).toString('base64');

describe('a certificate in a header', () => {
  test.each([
    ['as RFC 9440 has it', 'rfc9440', `:${base64}:`],
    ['as nginx escapes it', 'pem', encodeURIComponent(cert)],
    ['on one line, as Apache has it', 'pem', cert.trim().replaceAll('\n', ' ')],
    ['with tabs, as older nginx has it', 'pem', cert.replaceAll('\n', '\n\t').trim()],
  ] as const)('is read %s', (_, format, value) => {
    const raw = parseCertificate(value, format)?.raw ?? Buffer.alloc(0);
    expect(createHash('sha256').update(raw).digest('base64url')).toBe(thumbprintOf(cert));
  });

  test.each([
    ['in another format', 'rfc9440', encodeURIComponent(cert)],
    ['in another format', 'pem', `:${base64}:`],
    ['with parameters', 'rfc9440', `:${base64}:;a=1`],
    ['as a list', 'rfc9440', `:${base64}:, :${base64}:`],
    ['with another behind it', 'pem', encodeURIComponent(cert + cert)],
    ['with broken escapes', 'pem', '%zz'],
    ['that is empty', 'rfc9440', '::'],
    ['of other bytes', 'rfc9440', ':AAAA:'],
    ['that breaks off', 'rfc9440', `:${base64.slice(0, 100)}:`],
    [
      'with bytes behind it',
      'rfc9440',
      `:${Buffer.concat([derOf(cert), Buffer.from([5, 0])]).toString('base64')}:`,
    ],
  ] as const)('is not read %s', (_, format, value) => {
    expect(parseCertificate(value, format)).toBeUndefined();
  });
});
