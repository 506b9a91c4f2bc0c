import type { IncomingMessage } from 'node:http';
import type { ClientTls } from '../provider/contract.ts';
import { createCertificateReader } from './certificate-reader.ts';
import type { CertificateWays } from './certificate-ways.ts';
import { BAD_REQUEST, MISDIRECTED, type Fault } from './fault.ts';

/** Tells what a request says of its client by TLS, and whether it may stand. */
export interface TlsReader {
  /** Hosts by which clients come who show certificates, beside those by which everyone comes. */
  readonly hosts: readonly string[];
  /** `isAsked`: it came by the listener that asks for certificates. */
  read(
    request: IncomingMessage,
    path: string,
    isAsked: boolean,
  ): { readonly tls: ClientTls | undefined; readonly fault: Fault | undefined };
}

/** Where clients show certificates there is nothing for people: no page has two addresses. */
export function createTlsReader({
  certificateWays: ways,
  settings,
}: {
  readonly certificateWays?: CertificateWays | undefined;
  readonly settings: { readonly trustedProxies: readonly string[] };
}): TlsReader {
  if (ways === undefined) return { hosts: [], read: () => ({ tls: undefined, fault: undefined }) };
  const readCertificate = createCertificateReader(ways, settings.trustedProxies);
  const aliasHost = ways.origin === undefined ? undefined : new URL(ways.origin).host;
  return {
    hosts: aliasHost === undefined ? [] : [aliasHost],
    read(request, path, isAsked) {
      const isAtAlias = isAsked || request.headers.host?.toLowerCase() === aliasHost;
      const read = readCertificate(request, isAsked);
      if (read.kind === 'refused') return { tls: undefined, fault: BAD_REQUEST };
      const isMisdirected = isAtAlias && !ways.isForPrograms(path);
      const { certificate } = read;
      return { tls: { certificate, isAtAlias }, fault: isMisdirected ? MISDIRECTED : undefined };
    },
  };
}
