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
  /** The same, when there is nothing to read in the answer. */
  carryOut(path: string, order: object): Promise<void>;
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
  const post = (path: string, order: object): Promise<Response> =>
    ask(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(order),
    });
  return {
    send: async (path, order) => answer.parse(await (await post(path, order)).json()),
    carryOut: async (path, order) => void (await post(path, order)),
    read: async (path) => answer.parse(await (await ask(path)).json()),
    list: async (path) => z.array(answer).parse(await (await ask(path)).json()),
    async remove(path) {
      await ask(path, { method: 'DELETE' });
    },
  };
}
