/** A request, in no framework's form. */
export interface TokenRequest {
  readonly method: string;
  /** Path and query as the client sent them, before any router took a part away. */
  readonly target: string;
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined;
  /** The client's certificate, in DER, where TLS ends in this process. */
  certificate(): Uint8Array | undefined;
}

/** How a token came. */
export interface Presentation {
  /** `Authorization: Bearer` (RFC 6750) or `Authorization: DPoP` (RFC 9449 section 7.1). */
  readonly scheme: 'Bearer' | 'DPoP';
  readonly request: TokenRequest;
}

/** As much of a request of `node:http` as is used. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket?: object | undefined;
}

/** A request of `node:http`, as Express, Koa and Fastify hand it on. `target` where a router has changed `url`. */
export function nodeTokenRequest(request: NodeRequest, target = request.url ?? '/'): TokenRequest {
  return {
    method: request.method ?? 'GET',
    target,
    // A header that came twice and is a list is not the one of a client that means well.
    header: (name) => [request.headers[name]].flat().join(', ') || undefined,
    certificate: () => certificateOf(request.socket),
  };
}

/** A request of the fetch standard, which knows nothing of TLS. */
export function fetchTokenRequest(request: Request): TokenRequest {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name) ?? undefined,
    certificate: () => undefined,
  };
}

/** Path and query of a request's target, which may be anything: what a client sends is not always a URL. */
export function readTarget(target: string): {
  readonly path: string;
  readonly query: URLSearchParams;
} {
  const [, path = '', query = ''] = /^([^?#]*)\??([^#]*)/.exec(target) ?? [];
  return { path, query: new URLSearchParams(query) };
}

function certificateOf(socket: object | undefined): Uint8Array | undefined {
  if (socket === undefined || !('getPeerCertificate' in socket)) return undefined;
  if (typeof socket.getPeerCertificate !== 'function') return undefined;
  const certificate: unknown = socket.getPeerCertificate();
  // Without one it gives an empty object.
  if (typeof certificate !== 'object' || certificate === null || !('raw' in certificate)) {
    return undefined;
  }
  return certificate.raw instanceof Uint8Array ? certificate.raw : undefined;
}
