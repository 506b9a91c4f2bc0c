import type { X509Certificate } from 'node:crypto';
import { BadEncoding } from './der-reader.ts';
import { readCertificateNames } from './certificate-names.ts';
import type { RevocationList } from './revocation-list.ts';

/** Whom an installation believes about its clients. */
export interface TrustAnchors {
  readonly authorities: readonly X509Certificate[];
  /** Undefined: nobody asks for revoked certificates. */
  readonly lists: readonly RevocationList[] | undefined;
}

const CLIENT_USES: ReadonlySet<string> = new Set([
  '1.3.6.1.5.5.7.3.2', // TLS clients
  '2.5.29.37.0', // anything
]);
/** Key usage, alternative names, basic constraints and extended key usage are looked at, here or by OpenSSL. */
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.37',
]);

/**
 * Whether one of the authorities stands for `certificate` at `now`: it signed it, both are in their time, it is meant
 * for clients (RFC 5280 section 4.2.1.12), and is not on the authority's list.
 */
export function isTrusted(
  certificate: X509Certificate,
  { authorities, lists }: TrustAnchors,
  now: number,
): boolean {
  if (!isInTime(certificate, now) || !isForClients(certificate)) return false;
  return authorities.some(
    (authority) =>
      isInTime(authority, now) &&
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey) &&
      (lists === undefined || isListedAsGood(certificate, { authority, lists, now })),
  );
}

function isInTime({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  const nowMs = now * 1000;
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
}

function isForClients(certificate: X509Certificate): boolean {
  // Node.js names the extended uses so, and has none where the certificate does not limit them.
  const uses: readonly string[] | undefined = certificate.keyUsage;
  const isForOthers = uses !== undefined && !uses.some((use) => CLIENT_USES.has(use));
  if (certificate.ca || isForOthers) return false;
  try {
    const { criticalExtensions } = readCertificateNames(certificate);
    return criticalExtensions.every((id) => KNOWN_EXTENSIONS.has(id));
  } catch (error) {
    if (error instanceof BadEncoding) return false;
    throw error;
  }
}

function isListedAsGood(
  { serialNumber }: X509Certificate,
  by: {
    readonly authority: X509Certificate;
    readonly lists: readonly RevocationList[];
    readonly now: number;
  },
): boolean {
  const { authority, lists, now } = by;
  const current = lists.filter(
    (list) => list.nextUpdate >= now && list.isSignedBy(authority.publicKey),
  );
  return current.length > 0 && current.every(({ revoked }) => !revoked.has(serialNumber));
}
