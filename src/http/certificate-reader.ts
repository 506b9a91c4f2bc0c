import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import {
  describeCertificate,
  parseCertificate,
  type ClientCertificate,
} from '../client-certificates/client-certificate.ts';
import type { CertificateWays } from './certificate-ways.ts';
import { createNetworks, plainAddress } from './networks.ts';

/** `refused`: a proxy that is believed says what nobody can understand. */
export type CertificateRead =
  | { readonly kind: 'read'; readonly certificate: ClientCertificate | undefined }
  | { readonly kind: 'refused' };

/**
 * Tells which certificate a client showed, and drops the header whoever sent it. `isAsked`: the request came by the
 * listener that asks for certificates.
 */
export type CertificateReader = (request: IncomingMessage, isAsked: boolean) => CertificateRead;

const NONE: CertificateRead = { kind: 'read', certificate: undefined };
const REFUSED: CertificateRead = { kind: 'refused' };
/** What Apache writes for a client without a certificate. */
const ABSENT: ReadonlySet<string | undefined> = new Set([undefined, '', '(null)']);

/**
 * A certificate counts when this node saw its key proven in a handshake of its own, or a proxy of `trustedProxies` says
 * that it did. A proxy that shows one itself and hands on another, or two, is not believed at all.
 */
export function createCertificateReader(
  { authorities, header }: Pick<CertificateWays, 'authorities' | 'header'>,
  trustedProxies: readonly string[],
): CertificateReader {
  const trusted = createNetworks(trustedProxies);
  const name = header?.name.toLowerCase();

  /** The header as a listed proxy sent it; from anybody else it is as if it were not there. */
  function takeHeader({ headers, rawHeaders, socket }: IncomingMessage): readonly string[] {
    if (name === undefined || headers[name] === undefined) return [];
    delete headers[name];
    if (!trusted.has(plainAddress(socket.remoteAddress ?? ''))) return [];
    return rawHeaders.filter(
      (value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
    );
  }

  return (request, isAsked) => {
    const given = takeHeader(request);
    const [value] = given;
    if (isAsked) return given.length > 0 ? REFUSED : ofConnection(request, authorities);
    if (header === undefined || value === undefined || ABSENT.has(value))
      return given.length > 1 ? REFUSED : NONE;
    const x509 = given.length === 1 ? parseCertificate(value, header.format) : undefined;
    if (x509 === undefined) return REFUSED;
    return { kind: 'read', certificate: describeCertificate(x509, authorities) };
  };
}

function ofConnection(
  { socket }: IncomingMessage,
  authorities: CertificateWays['authorities'],
): CertificateRead {
  const x509 = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (x509 === undefined) return NONE;
  return { kind: 'read', certificate: describeCertificate(x509, authorities) };
}
