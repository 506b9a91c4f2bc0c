import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { openDevCertificate } from '../../src/http/dev-authority.ts';
import { systemClock } from '../../src/runtime/clock.ts';

/** A web server with TLS of its own, on this machine. */
export interface HttpsHost {
  readonly port: number;
  /** The PEM file to name in `NODE_EXTRA_CA_CERTS`: nobody else trusts it. */
  readonly authorityFile: string;
  close(): Promise<void>;
}

/** For `localhost` and `127.0.0.1`; keeps its authority in `folder`. */
export async function openHttpsHost(folder: string, listener: RequestListener): Promise<HttpsHost> {
  const { authorityFile, ...pair } = await openDevCertificate(folder, 'localhost', systemClock);
  const server = createServer(pair, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    authorityFile,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
