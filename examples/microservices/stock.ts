import fastify from 'fastify';
import { requireToken } from '../../verifier/src/adapters/fastify.ts';
import { listen, type Listening } from './listening.ts';
import { verifierFor } from './settings.ts';

/** A service on Fastify that verifies for itself. */
export async function startStock(issuer: string): Promise<Listening> {
  const verifier = verifierFor(issuer);
  const app = fastify();
  app.get('/', { onRequest: requireToken(verifier, { scopes: ['shop'] }) }, async () => ({
    items: 1204,
  }));
  await app.ready();
  return listen((request, response) => app.routing(request, response), { onClose: verifier.close });
}
