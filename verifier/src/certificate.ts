import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { TokenRequest } from './presentation.ts';

const PEM = /-----BEGIN CERTIFICATE-----(?<base64>[\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/;
const BYTE_SEQUENCE = /^:(?<base64>[A-Za-z0-9+/]+=*):$/;

/** `x5t#S256` of the client's certificate (RFC 8705 section 3.1); undefined: it showed none. */
export function certificateThumbprint(
  request: TokenRequest,
  header: string | undefined,
): string | undefined {
  const der =
    header === undefined
      ? request.certificate()
      : parseCertificate(request.header(header.toLowerCase()) ?? '');
  return der === undefined ? undefined : hash('sha256', der, 'base64url');
}

/** A certificate as proxies hand it on: a byte sequence (RFC 9440 section 2.1), or PEM, URL-escaped or not. */
function parseCertificate(value: string): Uint8Array | undefined {
  const found = BYTE_SEQUENCE.exec(value) ?? PEM.exec(unescaped(value));
  const base64 = found?.groups?.['base64'];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
