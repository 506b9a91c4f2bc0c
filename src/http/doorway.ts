import type { RequestListener, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** Between the sockets of a node and the host behind them, which may be followed by another one. */
export interface Doorway {
  /** What the sockets call. */
  readonly handle: RequestListener;
  /** Requests go there from now on; those that wait, too. */
  leadTo(handle: RequestListener): void;
  /**
   * From now on requests wait. Resolves when those under way have ended; after `limitMs` they are cut off, so that
   * none of them goes on in a house that is no more.
   */
  hold(limitMs: number): Promise<void>;
}

const LOOK_EVERY_MS = 1;

/**
 * Leads nowhere yet. Requests at the `uncounted` paths are not waited for: they are what makes the others wait.
 * Undefined: nobody will ever hold it, and nothing is counted.
 */
export function createDoorway(uncounted: ReadonlySet<string> | undefined): Doorway {
  const underWay = new Set<ServerResponse>();
  let waiting: Parameters<RequestListener>[] = [];
  let target: RequestListener | undefined;

  function enter(next: RequestListener, ...[request, response]: Parameters<RequestListener>): void {
    if (uncounted !== undefined && !uncounted.has(request.url ?? '')) {
      underWay.add(response);
      response.once('close', () => underWay.delete(response));
    }
    next(request, response);
  }

  return {
    handle(request, response) {
      if (target === undefined) waiting.push([request, response]);
      else enter(target, request, response);
    },
    leadTo(handle) {
      target = handle;
      const letIn = waiting;
      waiting = [];
      for (const [request, response] of letIn) enter(handle, request, response);
    },
    async hold(limitMs) {
      target = undefined;
      const untilMs = performance.now() + limitMs;
      while (underWay.size > 0 && performance.now() < untilMs) await delay(LOOK_EVERY_MS);
      for (const response of underWay) response.destroy();
    },
  };
}
