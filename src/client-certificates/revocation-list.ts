import { verify, type KeyObject } from 'node:crypto';
import { readExtensions } from './certificate-names.ts';
import {
  BadEncoding,
  contentOf,
  membersOf,
  oidOf,
  readDer,
  TAG,
  type DerValue,
} from './der-reader.ts';

/** A list of revoked certificates (RFC 5280 section 5), not yet known to be anybody's. */
export interface RevocationList {
  /** NumericDate until which it is good. */
  readonly nextUpdate: number;
  /** Serial numbers as Node.js writes them: hexadecimal, in capitals, without leading zeros. */
  readonly revoked: ReadonlySet<string>;
  /** Whether the holder of `authority` signed it. */
  isSignedBy(authority: KeyObject): boolean;
}

const PEM = /-----BEGIN X509 CRL-----(?<base64>[\sA-Za-z0-9+/=]+)-----END X509 CRL-----/g;
/** Signatures by their OID, with the digest that Node.js wants named. */
const DIGESTS: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.3.101.112', null],
]);
const TIME = /^(\d{8})(\d{6})Z$/;
const DAY = /(....)(..)(..)/;
const CLOCK = /(..)(..)(..)/;
const EXTENSIONS_TAG = 0xa0;
const TIME_TAGS: ReadonlySet<number> = new Set([TAG.utcTime, TAG.generalizedTime]);

/** Reads every list in a PEM file. @throws {BadEncoding} when one of them is not whole, or cannot be understood. */
export function readRevocationLists(pem: string): readonly RevocationList[] {
  return [...pem.matchAll(PEM)].map(({ groups }) =>
    readList(Buffer.from(groups?.['base64'] ?? '', 'base64')),
  );
}

function readList(bytes: Buffer): RevocationList {
  const [list] = readDer(bytes);
  const [body, algorithm, signature] = membersOf(list);
  const digest = DIGESTS.get(oidOf(membersOf(algorithm)[0]));
  if (digest === undefined) throw new BadEncoding('a list signed in a way that is not known here');
  // The first byte says how many bits of the last one do not count: none.
  const signed = contentOf(signature, TAG.bitString).subarray(1);
  const content = body?.bytes ?? Buffer.alloc(0);
  return {
    ...readBody(membersOf(body)),
    isSignedBy: (authority) => verify(digest, content, authority, signed),
  };
}

function readBody(fields: readonly DerValue[]): Pick<RevocationList, 'nextUpdate' | 'revoked'> {
  const start = fields[0]?.tag === TAG.integer ? 1 : 0;
  const [, , , next, ...others] = fields.slice(start);
  if (next === undefined || !TIME_TAGS.has(next.tag))
    throw new BadEncoding('a list that does not say until when it is good');
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS_TAG);
  refuseCritical(extensions);
  const entries = others.find(({ tag }) => tag === TAG.sequence);
  return {
    nextUpdate: timeOf(next),
    revoked: new Set(entries === undefined ? [] : membersOf(entries).map(serialOf)),
  };
}

function serialOf(entry: DerValue): string {
  const [serial, , extensions] = membersOf(entry);
  if (extensions !== undefined) refuseCritical({ ...extensions, content: extensions.bytes });
  const hex = contentOf(serial, TAG.integer).toString('hex').toUpperCase();
  return hex.replace(/^(?:00)+(?=..)/, '');
}

/** It would say that the list is a part of one, or of certificates of others. */
function refuseCritical(extensions: DerValue | undefined): void {
  if (readExtensions(extensions).some(({ isCritical }) => isCritical))
    throw new BadEncoding('a list that is not the whole list of its authority');
}

/** RFC 5280 section 5.1.2.4: in UTC, with seconds; of a UTCTime the year has two digits. */
function timeOf({ tag, content }: DerValue): number {
  const text = content.toString('latin1');
  const century = tag === TAG.utcTime ? (text < '50' ? '20' : '19') : '';
  const [, day, time] = TIME.exec(`${century}${text}`) ?? [];
  const iso = `${day?.replace(DAY, '$1-$2-$3') ?? ''}T${time?.replace(CLOCK, '$1:$2:$3') ?? ''}Z`;
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) throw new BadEncoding('a time that is none');
  return Math.floor(ms / 1000);
}
