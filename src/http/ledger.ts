import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Exchange } from './exchange.ts';
import type { Metrics } from './metrics.ts';

/** What the node has under way, at whichever door it came in. */
export interface Ledger {
  /** Counts and logs the exchange when it ends; gives how many are under way with it. */
  open(exchange: Exchange): number;
}

/** One for each node. */
export function createLedger(parts: {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}): Ledger {
  const { metrics, logger, clock } = parts;
  let underWay = 0;
  metrics.watch({ requestsUnderWay: () => underWay });
  return {
    open(exchange) {
      const { request, response, origin } = exchange;
      const startedMs = clock.nowMs();
      underWay += 1;
      response.once('close', () => {
        underWay -= 1;
        const [method, route] = [request.method ?? '', exchange.route];
        const durationMs = clock.nowMs() - startedMs;
        // 499, as nginx has it: the client left before it was answered.
        const status = response.writableFinished ? response.statusCode : 499;
        metrics.request({ method, route, status, seconds: durationMs / 1000 });
        const fields = { method, route, status, durationMs, address: origin.address };
        const line = { event: 'http.request', ...fields, requestId: origin.requestId ?? '' };
        // What went well is counted; whoever wants every request by name has a proxy, or this level.
        if (status < 400) logger.debug(line, 'answered a request');
        else logger.info(line, 'answered a request that could not be done');
      });
      return underWay;
    },
  };
}
