import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';

/** A balancer that has no memory: each request goes to the next node, whoever sends it. */
export interface TakingTurns {
  close(): Promise<void>;
}

/** Listens on `port`, before the nodes on `ports`; the Host header stays as it is. */
export async function startTakingTurns(
  port: number,
  ports: readonly number[],
): Promise<TakingTurns> {
  let turns = 0;

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url, headers } = incoming;
    const node = ports[turns % ports.length];
    turns += 1;
    const passed = ask({ host: '127.0.0.1', port: node, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }

  const server = createServer(pass).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
