import { z } from 'zod';
import { LatchkeyError } from '../runtime/errors.ts';

/** The provider refused an order; the message has its words. */
export class OrderRefused extends LatchkeyError {
  readonly code = 'ERR_ORDER_REFUSED';
}

const answer = z.record(z.string(), z.unknown());
type Answer = z.output<typeof answer>;

/** What a test says to the doors under `/dev`. Every call throws `OrderRefused` when it is refused. */
export interface Orders {
  send(path: string, order: object): Promise<Answer>;
  read(path: string): Promise<Answer>;
  list(path: string): Promise<readonly Answer[]>;
  remove(path: string): Promise<void>;
}

/** By HTTP, as any program could. */
export function createOrders(issuer: string): Orders {
  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`${issuer}${path}`, init);
    if (response.ok) return response;
    throw new OrderRefused(`${path} was refused (${response.status}): ${await response.text()}`);
  }
  return {
    async send(path, order) {
      const headers = { 'Content-Type': 'application/json' };
      const body = JSON.stringify(order);
      return answer.parse(await (await ask(path, { method: 'POST', headers, body })).json());
    },
    read: async (path) => answer.parse(await (await ask(path)).json()),
    list: async (path) => z.array(answer).parse(await (await ask(path)).json()),
    async remove(path) {
      await ask(path, { method: 'DELETE' });
    },
  };
}
