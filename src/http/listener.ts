import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { LatchkeyError } from '../runtime/errors.ts';
import type { HttpConfig } from './config.ts';
import type { Certificate } from './certificate.ts';

/** The port cannot be listened on. */
export class CannotListen extends LatchkeyError {
  readonly code = 'ERR_CANNOT_LISTEN';
}

/** What the HTTP parser answers for what it cannot, or will not, read. */
const STATUS_OF: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};
const SECOND_MS = 1000;

/** A server that no client can hold up or bring down; `onRefused` hears of requests that the parser refused. */
export function createListener(
  limits: HttpConfig['limits'],
  handle: RequestListener,
  onRefused: () => void,
): Server {
  return guard(createServer(serverOptions(limits), handle), limits, onRefused);
}

/** What a TLS server shows, and whether it asks clients for a certificate, too: any, which others judge. */
export interface TlsOptions {
  readonly certificate: Certificate;
  readonly asksClients?: boolean;
}

/** The same over TLS; follows the certificate when it is renewed. */
export function createTlsListener(
  limits: HttpConfig['limits'],
  handle: RequestListener,
  onRefused: () => void,
  { certificate, asksClients = false }: TlsOptions,
): TlsServer {
  const server = createTlsServer(
    {
      ...serverOptions(limits),
      ...certificate.current(),
      minVersion: 'TLSv1.2',
      // A client may also have none, or one of its own making: what it means is asked where it is used.
      ...(asksClients && { requestCert: true, rejectUnauthorized: false }),
    },
    handle,
  );
  certificate.onChange((renewed) => server.setSecureContext(renewed));
  // A handshake that fails is the client's affair.
  server.on('tlsClientError', onRefused);
  return guard(server, limits, onRefused);
}

/** Where a server listens, and the setting that says so. */
export interface ListenAt {
  readonly host: string;
  readonly port: number;
  /** As errors name it: `http.listen`. */
  readonly setting: string;
}

/** @throws {CannotListen} */
export async function listenOn(server: Server | TlsServer, at: ListenAt): Promise<number> {
  const { host, port } = at;
  try {
    await once(server.listen({ host, port }), 'listening');
  } catch (error) {
    throw new CannotListen(`cannot listen on ${host} port ${port}: ${whyNot(error, at)}`, {
      cause: error,
    });
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function whyNot(error: unknown, { setting }: ListenAt): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'EADDRINUSE')
    return `another program has it. End that one, or set ${setting}.port, and the URL that names it, to a free port`;
  if (code === 'EACCES')
    return `this user may not. Set ${setting}.port to one above 1023, or let the user have low ports`;
  return `${code}. Look at ${setting}.host`;
}

function serverOptions(limits: HttpConfig['limits']): ServerOptions {
  return {
    maxHeaderSize: limits.headers,
    headersTimeout: limits.headersTimeout * SECOND_MS,
    requestTimeout: limits.requestTimeout * SECOND_MS,
    keepAliveTimeout: limits.keepAliveTimeout * SECOND_MS,
    connectionsCheckingInterval: SECOND_MS,
    noDelay: true,
  };
}

function guard<Guarded extends Server | TlsServer>(
  server: Guarded,
  limits: HttpConfig['limits'],
  onRefused: () => void,
): Guarded {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    onRefused();
    refuse(error, socket);
  });
  // Past the limit connections are closed at once, so that some file descriptors are left to work with.
  server.maxConnections = limits.connections;
  return server;
}

function refuse({ code }: NodeJS.ErrnoException, socket: Socket): void {
  // Broken off by the client, or in the middle of an answer: nothing can be said any more.
  if (code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF[code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
