import { Agent, buildConnector, fetch as undiciFetch } from 'undici';

/** A way to one node of several that share an issuer. */
export interface Way {
  /** Sends every request to that node, whatever its URL says; the Host header stays the issuer's. */
  readonly fetch: typeof fetch;
  close(): Promise<void>;
}

/** To the node at `port`, as a proxy would pass requests on; `ca`: the authority to trust, if it speaks TLS. */
export function throughNode(port: number, ca?: string): Way {
  const connect = buildConnector(ca === undefined ? {} : { ca });
  const agent = new Agent({
    connect: (options, callback) =>
      connect(
        // The name on the certificate is the one asked for.
        { ...options, servername: options.hostname, hostname: '127.0.0.1', port: String(port) },
        callback,
      ),
  });
  const send = (input: unknown, init: unknown): unknown =>
    undiciFetch(input as string, { ...(init as object), dispatcher: agent });
  // The same function but for the names of its types.
  return { fetch: send as typeof fetch, close: () => agent.close() };
}

/** Takes turns between `ways`, one request each. */
export function takingTurns(ways: readonly Way[]): typeof fetch {
  let turn = 0;
  return (input, init) => {
    const way = ways[turn % ways.length];
    turn += 1;
    if (!way) throw new TypeError('no node to go to');
    return way.fetch(input, init);
  };
}
