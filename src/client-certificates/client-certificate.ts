import { X509Certificate } from 'node:crypto';
import type { Authorities } from './open-authorities.ts';
import { readCertificateNames, type CertificateNames } from './certificate-names.ts';
import { BadEncoding } from './der-reader.ts';

/** The certificate that a client showed, and proved to hold the key of. */
export interface ClientCertificate {
  readonly x509: X509Certificate;
  /** Whether an authority of the installation stands for it now. */
  isTrusted(): boolean;
  /** Under which names it may be registered; undefined: they cannot be read. */
  names(): CertificateNames | undefined;
}

const PEM =
  /^-----BEGIN CERTIFICATE-----(?<base64>[\sA-Za-z0-9+/]+={0,2})\s*-----END CERTIFICATE-----\s*$/;
const BYTE_SEQUENCE = /^:(?<base64>[A-Za-z0-9+/]+=*):$/;

/** How proxies write a certificate: as RFC 9440 has it, or as PEM, URL-escaped (nginx) or on one line. */
export type HeaderFormat = 'rfc9440' | 'pem';

/** What is known of a certificate that was shown. */
export function describeCertificate(
  x509: X509Certificate,
  authorities: Pick<Authorities, 'trust'>,
): ClientCertificate {
  return {
    x509,
    isTrusted: () => authorities.trust(x509),
    names() {
      try {
        return readCertificateNames(x509);
      } catch (error) {
        if (error instanceof BadEncoding) return undefined;
        throw error;
      }
    },
  };
}

/** The certificate in a proxy's header; undefined: it is not one. */
export function parseCertificate(value: string, format: HeaderFormat): X509Certificate | undefined {
  try {
    const bytes = format === 'rfc9440' ? bytesIn(value) : pemIn(value);
    const x509 = bytes && new X509Certificate(bytes);
    // OpenSSL passes over what stands behind.
    return x509?.raw.length === bytes?.length ? x509 : undefined;
  } catch {
    return undefined; // Escapes, base64 or DER that are none.
  }
}

/** RFC 9440 section 2.1: one byte sequence (RFC 9651), without parameters. */
function bytesIn(value: string): Buffer | undefined {
  const base64 = BYTE_SEQUENCE.exec(value)?.groups?.['base64'];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}

/** On one line, as a header has it, or with its lines escaped. */
function pemIn(value: string): Buffer | undefined {
  const pem = value.includes('%') ? decodeURIComponent(value) : value;
  const base64 = PEM.exec(pem)?.groups?.['base64'];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}
