import express from 'express';
import { requireToken } from '../../verifier/src/adapters/express.ts';
import { listen, type Listening } from './listening.ts';
import { verifierFor } from './settings.ts';

/** A service on Express that verifies for itself. */
export function startOrders(issuer: string): Promise<Listening> {
  const verifier = verifierFor(issuer);
  const app = express();
  app.get('/', requireToken(verifier, { scopes: ['shop'] }), (_request, response) => {
    response.json({ orders: 3 });
  });
  return listen(app, { onClose: verifier.close });
}
