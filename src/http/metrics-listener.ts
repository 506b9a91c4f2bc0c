import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Metrics } from './metrics.ts';
import { answerProbe } from './probes.ts';
import type { ReadinessProbe } from './readiness.ts';

/** For operators: on a port that no browser reaches. */
export interface MetricsListener {
  readonly server: Server;
  /** Whose probes it answers from now on. */
  show(readiness: ReadinessProbe): void;
}

/** `/metrics`, `/livez` and `/readyz`. */
export function createMetricsListener(metrics: Metrics, shown: ReadinessProbe): MetricsListener {
  let readiness = shown;
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    if (path === '/metrics') void answerMetrics(response, metrics);
    else if (!answerProbe(path, response, readiness)) response.writeHead(404).end();
  });
  server.on('clientError', (_, socket) => socket.destroy());
  return {
    server,
    show(next) {
      readiness = next;
    },
  };
}

async function answerMetrics(response: ServerResponse, metrics: Metrics): Promise<void> {
  try {
    const text = await metrics.text();
    response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text);
  } catch {
    // A source that fails is told by the health of its part; half the figures would be taken for all.
    response.writeHead(503, { 'Retry-After': '5' }).end();
  }
}
