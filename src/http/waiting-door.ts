import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { Logger } from '../runtime/logger.ts';
import type { HttpConfig } from './config.ts';

const OPENS_AFTER_MS = 3000;
const RETRY_AFTER = '2';

/** Stands in for the host while a node waits for its stores, so that orchestrators see it alive and not ready. */
export interface WaitingDoor {
  /** Gives the port back to the host. */
  close(): Promise<void>;
}

/** Opens when the start takes longer than it takes by itself; not under TLS, whose certificate is the host's affair. */
export function createWaitingDoor(
  { listen, tls }: Pick<HttpConfig, 'listen' | 'tls'>,
  logger: Logger,
): WaitingDoor {
  let server: Server | undefined;
  const timer = setTimeout(() => {
    if (tls.from !== 'off' || listen.port === 0) return;
    server = createServer((request, response) => {
      const isAlive = request.url === '/livez';
      response.writeHead(isAlive ? 200 : 503, {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
        Connection: 'close',
        ...(!isAlive && { 'Retry-After': RETRY_AFTER }),
      });
      response.end(JSON.stringify(isAlive ? { alive: true } : { ready: false, waiting: true }));
    });
    server.on('error', (error) =>
      logger.warn({ event: 'node.waiting_unseen', error }, 'cannot listen while waiting'),
    );
    server.listen(listen);
    logger.warn({ event: 'node.waiting' }, 'waits for its stores before it serves');
  }, OPENS_AFTER_MS);

  return {
    async close() {
      clearTimeout(timer);
      if (!server?.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
