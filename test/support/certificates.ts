import { generateKeyPairSync, randomBytes, sign, createHash, type KeyObject } from 'node:crypto';
import * as der from '../../src/http/der.ts';

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const EXTENSION = {
  keyUsage: '2.5.29.15',
  alternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const;
const OIDS = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11', C: '2.5.4.6' } as const;
/** The tags of GeneralName. */
const NAMES = { email: 1, dns: 2, uri: 6, ip: 7 } as const;
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const DAY = 86_400;

/** What a test's certificate says; what is left out is as an ordinary client has it. */
export interface Wish {
  /** In the order of the certificate. */
  readonly subject?: readonly (readonly [keyof typeof OIDS, string])[];
  readonly names?: readonly (readonly [keyof typeof NAMES, string | Buffer])[];
  readonly uses?: readonly string[];
  /** NumericDates. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly isAuthority?: boolean;
  /** OIDs of critical extensions that nobody knows. */
  readonly critical?: readonly string[];
  /** Of an earlier certificate, to renew it. */
  readonly key?: KeyObject;
}

/** A certificate with its private key. */
export interface Issued {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly privateKey: KeyObject;
  readonly serial: Buffer;
}

/** Who signs certificates and lists of those that are revoked. */
export interface TestAuthority extends Issued {
  issue(wish?: Wish): Issued;
  revocationList(
    revoked: readonly Issued[],
    more?: { readonly nextUpdate?: number; readonly critical?: string },
  ): string;
}

export function createTestAuthority(commonName: string, wish: Wish = {}): TestAuthority {
  const subject = [['O', 'Test'] as const, ['CN', commonName] as const];
  const own = certify({ ...wish, subject, isAuthority: true });
  const by = { issuer: nameOf(subject), issuerKey: own.privateKey };
  return {
    ...own,
    issue: (more = {}) => certify(more, by),
    revocationList: (revoked, more = {}) => listOf(revoked, more, by),
  };
}

/** A certificate that stands for itself. */
export function selfSigned(wish: Wish = {}): Issued {
  return certify(wish);
}

interface Issuer {
  readonly issuer: Buffer;
  readonly issuerKey: KeyObject;
}

function certify(wish: Wish, by?: Issuer): Issued {
  const now = Math.floor(Date.now() / 1000);
  const {
    subject = [
      ['O', 'Example'],
      ['CN', 'client'],
    ],
    notBefore = now - DAY,
  } = wish;
  const { notAfter = now + DAY } = wish;
  const privateKey = wish.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const { issuer, issuerKey } = by ?? { issuer: nameOf(subject), issuerKey: privateKey };
  const serial = randomBytes(16);
  serial[0] = 0x40;
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    ALGORITHM,
    issuer,
    der.sequence(der.time(notBefore), der.time(notAfter)),
    nameOf(subject),
    publicKey(privateKey),
    der.explicit(3, der.sequence(...extensionsOf(wish))),
  );
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: pem('CERTIFICATE', signed(body, issuerKey)), key, privateKey, serial };
}

const ALGORITHM = der.sequence(der.oid(ECDSA_WITH_SHA256));

function listOf(
  revoked: readonly Issued[],
  more: { readonly nextUpdate?: number; readonly critical?: string },
  { issuer, issuerKey }: Issuer,
): string {
  const now = Math.floor(Date.now() / 1000);
  const entries = revoked.map(({ serial }) => der.sequence(der.integer(serial), der.time(now)));
  const { nextUpdate = now + DAY, critical } = more;
  const body = der.sequence(
    der.integer(Buffer.from([1])),
    ALGORITHM,
    issuer,
    der.time(now - DAY),
    der.time(nextUpdate),
    ...(entries.length === 0 ? [] : [der.sequence(...entries)]),
    ...(critical === undefined
      ? []
      : [der.explicit(0, der.sequence(extension(critical, der.sequence(), true)))]),
  );
  return pem('X509 CRL', signed(body, issuerKey));
}

function extensionsOf({ names = [], uses, isAuthority = false, critical = [] }: Wish): Buffer[] {
  const general = names.map(([type, value]) => der.implicit(NAMES[type], Buffer.from(value)));
  const constraints = isAuthority ? der.sequence(der.TRUE) : der.sequence();
  const usage = der.bitString(
    Buffer.from([isAuthority ? 0b0000_0110 : 0b1000_0000]),
    isAuthority ? 1 : 7,
  );
  return [
    extension(EXTENSION.basicConstraints, constraints, true),
    extension(EXTENSION.keyUsage, usage, true),
    ...(general.length === 0
      ? []
      : [extension(EXTENSION.alternativeName, der.sequence(...general))]),
    ...(uses === undefined
      ? []
      : [extension(EXTENSION.extendedKeyUsage, der.sequence(...uses.map(der.oid)))]),
    ...critical.map((id) => extension(id, der.sequence(), true)),
  ];
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return der.sequence(der.oid(id), ...(isCritical ? [der.TRUE] : []), der.octetString(value));
}

function nameOf(subject: NonNullable<Wish['subject']>): Buffer {
  return der.sequence(
    ...subject.map(([type, value]) =>
      der.set(der.sequence(der.oid(OIDS[type]), der.utf8String(value))),
    ),
  );
}

function publicKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
  const algorithm = der.sequence(der.oid('1.2.840.10045.2.1'), der.oid('1.2.840.10045.3.1.7'));
  return der.sequence(algorithm, der.bitString(point));
}

function signed(body: Buffer, key: KeyObject): Buffer {
  return der.sequence(body, ALGORITHM, der.bitString(sign('sha256', body, key)));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** `x5t#S256` of a PEM certificate (RFC 8705 section 3.1). */
export function thumbprintOf(cert: string): string {
  return createHash('sha256').update(derOf(cert)).digest('base64url');
}

/** The bytes of a PEM certificate. */
export function derOf(cert: string): Buffer {
  return Buffer.from(cert.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}
