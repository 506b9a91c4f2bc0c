import type { IncomingMessage } from 'node:http';
import type { Router } from '@koa/router';
import Koa from 'koa';
import type { Logger } from '../runtime/logger.ts';
import type { Exchange } from './exchange.ts';
import type { FaultAnswer } from './fault-answer.ts';
import { NOT_FOUND } from './fault.ts';
import { CrossSite, isCrossSite } from './same-origin.ts';
import type { HostedProtocol } from './site.ts';

/** Everything behind the front door: routers, then the engine. */
export interface Rooms {
  /** Rejects with what the engine threw; what a router threw is answered. */
  handle(exchange: Exchange): Promise<void>;
}

interface RoomsOptions {
  readonly issuer: string;
  readonly protocol: HostedProtocol;
  readonly routers: readonly Router[];
  readonly faults: FaultAnswer;
  readonly logger: Logger;
}

const ROUTES_KNOWN_MAX = 100;
/** Where the engine takes the answer to "sign out?": the one form of our pages among its endpoints. */
const OWN_FORM = /\/confirm$/;

/** The Koa application. Errors end as answers of `faults`; none is left to Koa. */
export function createRooms({ issuer, protocol, routers, faults, logger }: RoomsOptions): Rooms {
  const { origin: ownOrigin } = new URL(issuer);
  const exchanges = new WeakMap<IncomingMessage, Exchange>();

  async function askEngine(exchange: Exchange): Promise<void> {
    const { request, response, path, origin, tls } = exchange;
    if (!protocol.owns(path)) {
      await faults.of(exchange, NOT_FOUND);
      return;
    }
    exchange.route = engineRoute(path);
    if (request.method === 'POST' && OWN_FORM.test(path) && isCrossSite(request, ownOrigin))
      throw new CrossSite('a form of ours was sent by a page that is not');
    // Koa, if it came by there, began the answer as 404.
    response.statusCode = 200;
    await protocol.handle(request, response, origin, tls);
  }

  const app = new Koa();
  // Without a listener, a request that breaks off in the middle would end the process.
  app.on('error', (error: Error) =>
    logger.debug({ event: 'http.broken_off', error }, 'a request broke off'),
  );
  app.use(async (ctx, next) => {
    const exchange = exchanges.get(ctx.req);
    if (exchange === undefined)
      throw new TypeError('a request that did not come by the front door');
    ctx.state['exchange'] = exchange;
    ctx.state['origin'] = exchange.origin;
    try {
      await next();
    } catch (error) {
      ctx.respond = false;
      await faults.ofError(exchange, error);
    }
    const matched: unknown = ctx['_matchedRoute'];
    if (typeof matched === 'string') exchange.route = matched;
  });
  for (const router of routers) app.use(router.routes());
  app.use(async (ctx) => {
    const { exchange }: { readonly exchange: Exchange } = ctx['state'];
    ctx.respond = false;
    await askEngine(exchange);
  });

  const handle = app.callback();
  const isRouted = createRouteCheck(routers);
  return {
    async handle(exchange) {
      const { request, response, path } = exchange;
      // What no router wants need not go through Koa: the engine has one of its own.
      if (!isRouted(request.method ?? '', path)) await askEngine(exchange);
      else {
        exchanges.set(request, exchange);
        await handle(request, response);
      }
    },
  };
}

/**
 * Whether a router wants the request. Paths of one part, as those that programs use, are looked up once; the
 * others may be as many as there are interactions.
 */
function createRouteCheck(routers: readonly Router[]): (method: string, path: string) => boolean {
  const known = new Map<string, boolean>();
  const ask = (method: string, path: string): boolean =>
    routers.some((router) => router.match(path, method).route);
  return (method, path) => {
    if (path.includes('/', 1)) return ask(method, path);
    const name = `${method} ${path}`;
    const answer = known.get(name) ?? ask(method, path);
    // A stranger may ask for any number of paths.
    if (known.size < ROUTES_KNOWN_MAX) known.set(name, answer);
    return answer;
  };
}

/** `/authorize/<uid>` and `/register/<client>` are one route each, whatever follows. */
function engineRoute(path: string): string {
  const [, first = '', rest] = path.split('/', 3);
  return rest === undefined ? `/${first}` : `/${first}/*`;
}
