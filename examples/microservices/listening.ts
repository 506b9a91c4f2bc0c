import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the example. */
export interface Listening {
  readonly url: string;
  close(): void;
}

/** Serves on loopback; `port` 0: any that is free. */
export async function listen(
  listener: RequestListener,
  options: { readonly port?: number; readonly onClose?: () => void } = {},
): Promise<Listening> {
  const server = createServer(listener).listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    close() {
      options.onClose?.();
      server.closeAllConnections();
      server.close();
    },
  };
}
