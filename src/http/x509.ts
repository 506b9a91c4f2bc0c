import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import * as der from './der.ts';

/** What a certificate says (RFC 5280). All keys are P-256. */
export interface CertificateRequest {
  readonly subject: string;
  readonly subjectKey: KeyObject;
  readonly issuer: string;
  /** The private key that signs it. */
  readonly issuerKey: KeyObject;
  /** NumericDates. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Host names and addresses of a server; undefined: it is an authority, for servers under it alone. */
  readonly hosts: readonly string[] | undefined;
}

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
/** The bit of a key usage and how many bits after it are unused. */
const DIGITAL_SIGNATURE = der.bitString(Buffer.from([0b1000_0000]), 7);
const SIGNS_CERTIFICATES = der.bitString(Buffer.from([0b0000_0110]), 1);
const VERSION_3 = der.integer(Buffer.from([2]));
const DNS_NAME = 2;
const IP_ADDRESS = 7;
const SERIAL_BYTES = 16;

/** An X.509 certificate, version 3, as PEM. */
export function issueCertificate(request: CertificateRequest): string {
  const algorithm = der.sequence(der.oid(ECDSA_WITH_SHA256));
  const body = der.sequence(
    der.explicit(0, VERSION_3),
    der.integer(serialNumber()),
    algorithm,
    name(request.issuer),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    name(request.subject),
    publicKeyInfo(request.subjectKey),
    der.explicit(3, der.sequence(...extensions(request))),
  );
  const signature = sign('sha256', body, request.issuerKey);
  return pem(der.sequence(body, algorithm, der.bitString(signature)));
}

/** Positive and never 0, whatever chance brings. */
function serialNumber(): Buffer {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

function name(text: string): Buffer {
  return der.sequence(der.set(der.sequence(der.oid(COMMON_NAME), der.utf8String(text))));
}

function extensions({ hosts, subjectKey, issuerKey }: CertificateRequest): readonly Buffer[] {
  const identity = [
    extension(EXTENSION.subjectKeyIdentifier, der.octetString(keyIdentifier(subjectKey))),
    extension(
      EXTENSION.authorityKeyIdentifier,
      der.sequence(der.implicit(0, keyIdentifier(issuerKey))),
    ),
  ];
  if (hosts === undefined)
    return [
      ...identity,
      critical(EXTENSION.basicConstraints, der.sequence(der.TRUE, der.integer(Buffer.from([0])))),
      critical(EXTENSION.keyUsage, SIGNS_CERTIFICATES),
    ];
  return [
    ...identity,
    critical(EXTENSION.basicConstraints, der.sequence()),
    critical(EXTENSION.keyUsage, DIGITAL_SIGNATURE),
    extension(EXTENSION.extendedKeyUsage, der.sequence(der.oid(SERVER_AUTH))),
    extension(EXTENSION.subjectAltName, der.sequence(...hosts.map(alternativeName))),
  ];
}

function extension(id: string, value: Buffer): Buffer {
  return der.sequence(der.oid(id), der.octetString(value));
}

function critical(id: string, value: Buffer): Buffer {
  return der.sequence(der.oid(id), der.TRUE, der.octetString(value));
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 0) return der.implicit(DNS_NAME, Buffer.from(host, 'ascii'));
  return der.implicit(IP_ADDRESS, addressBytes(host));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const missing = 8 - groups(head).length - groups(tail).length;
  const zeros = Array.from({ length: address.includes('::') ? missing : 0 }, () => '0');
  const all = [...groups(head), ...zeros, ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function publicKeyInfo(key: KeyObject): Buffer {
  return publicHalf(key).export({ type: 'spki', format: 'der' });
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyInfo(key)).digest();
}

function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
