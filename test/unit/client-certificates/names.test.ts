import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  plainIp,
  readCertificateNames,
} from '../../../src/client-certificates/certificate-names.ts';
import {
  isSameName,
  parseDistinguishedName,
} from '../../../src/client-certificates/distinguished-name.ts';
import { createTestAuthority } from '../../support/certificates.ts';

const authority = createTestAuthority('names');

describe('the subject of a certificate', () => {
  const { cert } = authority.issue({
    subject: [
      ['C', 'DE'],
      ['O', 'Müller, Söhne + Co'],
      ['CN', ' client #1 '],
    ],
  });
  const { subject } = readCertificateNames(new X509Certificate(cert));
  const isThat = (text: string): boolean => {
    const name = parseDistinguishedName(text);
    return name !== undefined && isSameName(subject, name);
  };

  test.each([
    String.raw`CN=\ client #1\ ,O=Müller\, Söhne \+ Co,C=DE`,
    String.raw`cn=\20client \#1\20, O = M\C3\BCller\2C S\C3\B6hne \2b Co , 2.5.4.6=DE`,
  ])('is the name as RFC 4514 writes it: %s', (text) => {
    expect(isThat(text)).toBe(true);
  });

  test.each([
    ['in the order of the certificate', String.raw`C=DE,O=Müller\, Söhne \+ Co,CN=\ client #1\ `],
    ['without a part', String.raw`O=Müller\, Söhne \+ Co,C=DE`],
    ['in another case', String.raw`CN=\ Client #1\ ,O=Müller\, Söhne \+ Co,C=DE`],
    ['with spaces lost', String.raw`CN=client #1,O=Müller\, Söhne \+ Co,C=DE`],
    ['with parts side by side', String.raw`CN=\ client #1\ +O=Müller\, Söhne \+ Co,C=DE`],
  ])('is not that name %s', (_, text) => {
    expect(isThat(text)).toBe(false);
  });

  test.each([
    '',
    'client',
    'CN',
    'XX=1',
    'CN="a"',
    'CN=a,',
    'CN=#0401',
    'CN=a;O=b',
    String.raw`CN=a\zz`,
  ])('cannot be written %s', (text) => {
    expect(parseDistinguishedName(text)).toBeUndefined();
  });

  test('cannot be forged by a value that looks like another part', () => {
    const forged = authority.issue({ subject: [['CN', 'x,O=Example']] });
    const names = readCertificateNames(new X509Certificate(forged.cert));
    expect(isSameName(names.subject, parseDistinguishedName('CN=x,O=Example') ?? [])).toBe(false);
  });
});

test('alternative names are read by their kind, and addresses have one spelling', () => {
  const { cert } = authority.issue({
    names: [
      ['dns', 'Client.Example'],
      ['uri', 'spiffe://example/client'],
      ['email', 'a@example.com'],
      ['ip', Buffer.from([10, 0, 0, 1])],
      ['ip', Buffer.from('fd000000000000000000000000000001', 'hex')],
    ],
  });
  expect(readCertificateNames(new X509Certificate(cert))).toMatchObject({
    dns: ['client.example'],
    uri: ['spiffe://example/client'],
    email: ['a@example.com'],
    ip: ['10.0.0.1', 'fd00::1'],
  });
  expect(plainIp('FD00:0:0:0:0:0:0:1')).toBe('fd00::1');
  expect(plainIp('10.0.0')).toBeUndefined();
});
