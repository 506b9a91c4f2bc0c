import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PreparedDocument } from '../provider/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Assets } from './assets.ts';
import type { HttpConfig } from './config.ts';
import type { Metrics } from './metrics.ts';
import type { PlannedFaults } from './planned-faults.ts';
import { answerPrepared, createWholeAnswers } from './prepared.ts';
import { createRepeats } from './repeats.ts';
import type { HostedProtocol } from './site.ts';

/** Where everything is given out that is the same for everyone: discovery, key set, assets. */
export interface DocumentDoor {
  /** True: there is a document at `path`, and it was answered. To be asked in the turn the request came in. */
  answer(request: IncomingMessage, response: ServerResponse, path: string): boolean;
  /** From now on every request is read, so that its answer can ask the client to leave. */
  leave(): void;
}

export function createDocumentDoor(options: {
  readonly settings: HttpConfig;
  readonly protocol: Pick<HostedProtocol, 'document'>;
  readonly assets: Assets;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly plannedFaults?: PlannedFaults | undefined;
}): DocumentDoor {
  const { settings, protocol, assets, metrics } = options;
  const wholeAnswer = createWholeAnswers(options.clock, settings.limits.keepAliveTimeout);
  const repeats = createRepeats(answerAgain);
  let isLeaving = false;

  const find = (path: string): PreparedDocument | undefined =>
    protocol.document(path) ?? assets.document(path);

  /** Looks anew each time: the keys may have rotated since the request was read. */
  function answerAgain(path: string): Buffer | undefined {
    const document = isLeaving ? undefined : find(path);
    if (document === undefined) return undefined;
    metrics.document();
    return wholeAnswer(document);
  }

  return {
    answer(request, response, path) {
      const document = find(path);
      if (document === undefined) return false;
      metrics.document();
      const isWhole = answerPrepared(request, response, document);
      // Each is looked at where it may be planned to fail.
      if (isWhole && options.plannedFaults === undefined) repeats.answered({ request, path });
      return true;
    },
    leave() {
      isLeaving = true;
    },
  };
}
