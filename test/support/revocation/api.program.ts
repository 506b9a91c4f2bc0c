// APIs in a process of their own: `node api.program.ts <JSON of ApiPlan[]>` prints their ports as JSON, one line.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { requireToken as forExpress } from '../../../verifier/src/adapters/express.ts';
import { requireToken as forFastify } from '../../../verifier/src/adapters/fastify.ts';
import { createVerifier, type SilencePolicy, type Verifier } from '../../../verifier/src/index.ts';
import { throughNode } from '../relying-parties/through-node.ts';

/** One API with its verifier. */
export interface ApiPlan {
  readonly framework: 'express' | 'fastify';
  readonly issuer: string;
  /** Of the node, or of the wire to it, from which the feed is followed. */
  readonly feedPort: number;
  readonly audience: string;
  readonly credentials: { readonly clientId: string; readonly clientSecret: string };
  readonly whenSilent: SilencePolicy;
  /** How wrong its clock is. */
  readonly clockOffsetMs?: number;
}

const ports = await Promise.all(
  (JSON.parse(process.argv[2] ?? '[]') as readonly ApiPlan[]).map(startApi),
);
process.stdout.write(`${JSON.stringify(ports)}\n`);
// Its input ends with whoever started it.
await once(process.stdin.resume(), 'end');
process.kill(process.pid, 'SIGKILL');

async function startApi(plan: ApiPlan): Promise<number> {
  const verifier = verifierOf(plan);
  const listener = plan.framework === 'express' ? onExpress(verifier) : await onFastify(verifier);
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

function verifierOf(plan: ApiPlan): Verifier {
  const { issuer, audience, credentials, whenSilent, clockOffsetMs = 0 } = plan;
  const way = throughNode(plan.feedPort);
  const get: typeof fetch = (input, init) => {
    const isFeed = typeof input === 'string' && input.startsWith(`${issuer}/revocations`);
    return isFeed ? way.fetch(input, init) : fetch(input, init);
  };
  return createVerifier({
    issuer,
    audience,
    credentials,
    revocation: { whenSilent },
    fetch: get,
    clock: {
      wallMs: () => Date.now() + clockOffsetMs,
      monotonicMs: () => performance.now(),
    },
  });
}

function onExpress(verifier: Verifier): RequestListener {
  const app = express();
  app.get('/status', (_, response) => void response.json(verifier.status()));
  app.get('/', forExpress(verifier), (_, response) => void response.json({ ok: true }));
  return app;
}

async function onFastify(verifier: Verifier): Promise<RequestListener> {
  const app = fastify();
  app.get('/status', async () => verifier.status());
  app.get('/', { onRequest: forFastify(verifier) }, async () => ({ ok: true }));
  await app.ready();
  return (request, response) => app.routing(request, response);
}
