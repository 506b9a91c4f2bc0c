import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { contentOf, membersOf, oidOf, readDer, TAG, type DerValue } from './der-reader.ts';
import { readDistinguishedName, type DistinguishedName } from './distinguished-name.ts';

/** Under which names a certificate may be registered (RFC 8705 section 2.1.2). */
export interface CertificateNames {
  readonly subject: DistinguishedName;
  readonly dns: readonly string[];
  readonly uri: readonly string[];
  readonly ip: readonly string[];
  readonly email: readonly string[];
  /** Extensions that whoever does not know them must not pass over (RFC 5280 section 4.2). */
  readonly criticalExtensions: readonly string[];
}

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
/** Tags of GeneralName (RFC 5280 section 4.2.1.6). */
const GENERAL_NAME = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 } as const;
const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;
const IPV4_BYTES = 4;

/** Reads them. @throws {BadEncoding} */
export function readCertificateNames({ raw }: Pick<X509Certificate, 'raw'>): CertificateNames {
  const [certificate] = readDer(raw);
  const [body] = membersOf(certificate);
  const fields = membersOf(body);
  // Serial number, algorithm, issuer, and validity stand before the subject.
  const subject = readDistinguishedName(fields[fields[0]?.tag === VERSION_TAG ? 5 : 4]);
  const extensions = readExtensions(fields.find(({ tag }) => tag === EXTENSIONS_TAG));
  const alternative = extensions.find(({ id }) => id === SUBJECT_ALTERNATIVE_NAME)?.value;
  const names = alternative === undefined ? [] : membersOf(readDer(alternative)[0]);
  const texts = (tag: number): readonly string[] =>
    names.filter((one) => one.tag === tag).map(({ content }) => content.toString('latin1'));
  return {
    subject,
    dns: texts(GENERAL_NAME.dns).map((name) => name.toLowerCase()),
    uri: texts(GENERAL_NAME.uri),
    ip: names.filter(({ tag }) => tag === GENERAL_NAME.ip).map(({ content }) => addressOf(content)),
    email: texts(GENERAL_NAME.email),
    criticalExtensions: extensions.filter(({ isCritical }) => isCritical).map(({ id }) => id),
  };
}

/** One spelling for all of an address; undefined: it is none. */
export function plainIp(text: string): string | undefined {
  if (isIP(text) === 4) return text;
  return isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : undefined;
}

/** An extension of a certificate or of a list. */
export interface Extension {
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

/** Those in a value with a context tag, or none where there is none. @throws {BadEncoding} */
export function readExtensions(tagged: DerValue | undefined): readonly Extension[] {
  if (tagged === undefined) return [];
  return membersOf(readDer(tagged.content)[0]).map((extension) => {
    const members = membersOf(extension);
    const isCritical = members[1]?.tag === TAG.boolean;
    const value = contentOf(members[isCritical ? 2 : 1], TAG.octetString);
    return { id: oidOf(members[0]), isCritical, value };
  });
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === IPV4_BYTES) return [...bytes].join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return plainIp(groups.join(':')) ?? '';
}
