import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientTls } from '../provider/contract.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import type { Fault } from './fault.ts';

/** One request and its answer, with what the front door found out. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the query. */
  readonly path: string;
  readonly origin: Origin;
  /** Where the client could show a certificate. */
  readonly tls: ClientTls | undefined;
  /** What was asked for, in words of a small vocabulary, for logs and metrics: no id and no secret. */
  route: string;
  /** How programs are told of a fault here; left out: as OAuth tells it. */
  faultWords?: (fault: Fault) => JsonObject;
}

/** Whether a person is looking: a browser asks for HTML. */
export function wantsPage({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') === true;
}
