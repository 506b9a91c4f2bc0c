import Koa from 'koa';
import { requireToken } from '../../verifier/src/adapters/koa.ts';
import { listen, type Listening } from './listening.ts';
import { verifierFor } from './settings.ts';

/**
 * Verifies once, at the door, and passes on who it is in a header. What stands behind has no verifier, and is reached
 * from nowhere else.
 */
export async function startGateway(issuer: string): Promise<Listening> {
  const verifier = verifierFor(issuer);
  const behind = await listen((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ prices: 'yours alone', for: request.headers['x-subject'] }));
  });
  const gateway = new Koa();
  gateway.use(requireToken(verifier, { scopes: ['shop'] }));
  gateway.use(async (ctx) => {
    const { sub }: { readonly sub: string } = ctx.state['auth'];
    // Made anew: a header of this name that came from outside goes no further.
    const answer = await fetch(behind.url, { headers: { 'x-subject': sub } });
    ctx.status = answer.status;
    ctx.body = await answer.json();
  });
  const handle = gateway.callback();
  return listen((request, response) => void handle(request, response), {
    onClose() {
      verifier.close();
      behind.close();
    },
  });
}
