import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What goes wrong with an answer, for tests of how apps bear it. */
export interface PlannedFault {
  /** Path of the endpoint, without a query. */
  readonly path: string;
  /** For how many more requests. */
  readonly times: number;
  /** In place of the answer; undefined: the true one, only late. */
  readonly answer: { readonly status: number; readonly body: string } | undefined;
  readonly delayMs: number;
}

/** Faults that wait for requests, in the order in which they were planned. */
export interface PlannedFaults {
  plan(fault: PlannedFault): void;
  list(): readonly PlannedFault[];
  clear(): void;
  /** What this request at `path` meets, and no other will. */
  take(path: string): PlannedFault | undefined;
}

/** For the dev profile alone: none are planned yet. */
export function createPlannedFaults(): PlannedFaults {
  let planned: readonly PlannedFault[] = [];
  return {
    plan(fault) {
      planned = [...planned, fault];
    },
    list: () => planned,
    clear() {
      planned = [];
    },
    take(path) {
      const found = planned.find((one) => one.path === path);
      if (found === undefined) return undefined;
      const spent = { ...found, times: found.times - 1 };
      planned = planned.flatMap((one) => {
        if (one !== found) return [one];
        return spent.times > 0 ? [spent] : [];
      });
      return found;
    },
  };
}

/** Waits, then answers as planned. False: it was only to be late, and the true answer is due. */
export async function playFault(fault: PlannedFault, response: ServerResponse): Promise<boolean> {
  if (fault.delayMs > 0) await delay(fault.delayMs);
  // Whoever has left meanwhile needs no answer.
  if (response.destroyed) return true;
  if (fault.answer === undefined) return false;
  const { status, body } = fault.answer;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Access-Control-Allow-Origin': '*',
    Connection: 'close',
  });
  response.end(body);
  return true;
}
