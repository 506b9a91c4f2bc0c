import type { ServerResponse } from 'node:http';
import type { ReadinessProbe } from './readiness.ts';

/**
 * Answers `/livez` and `/readyz`, whatever the Host header says: an orchestrator asks by address.
 * False: the path is neither.
 */
export function answerProbe(
  path: string,
  response: ServerResponse,
  readiness: ReadinessProbe,
): boolean {
  if (path === '/livez') answer(response, 200, { alive: true });
  else if (path === '/readyz') void answerReady(response, readiness);
  else return false;
  return true;
}

async function answerReady(response: ServerResponse, readiness: ReadinessProbe): Promise<void> {
  const found = await readiness.look();
  answer(response, found.ready ? 200 : 503, found);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}
