import { randomUUID } from 'node:crypto';
import { format } from 'node:util';

type Callback = (error?: unknown, result?: unknown) => void;
type Handler = (event: object, context: object, callback: Callback) => unknown;

/**
 * Calls a handler as Lambda's Node.js does: what it promises counts, and where it promises nothing, what it calls back.
 * `parameters`: how many it names.
 */
export function invoke(
  handler: Handler,
  parameters: number,
  call: { readonly event: object; readonly name: string; readonly timeoutMs: number },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, result) => {
      if (error === undefined || error === null) resolve(result);
      else reject(error instanceof Error ? error : new Error(format(error)));
    };
    // A throw before the first await rejects, too.
    const returned = handler(call.event, contextOf(call, callback), callback);
    if (isPromise(returned)) returned.then(resolve, reject);
    else if (parameters < 3) resolve(returned);
  });
}

function contextOf(
  { name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
  callback: Callback,
): object {
  const end = performance.now() + timeoutMs;
  return {
    functionName: name,
    functionVersion: '$LATEST',
    awsRequestId: randomUUID(),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(end - performance.now())),
    done: callback,
    succeed: (result: unknown) => callback(undefined, result),
    fail: (error: unknown) => callback(error ?? new Error('failed')),
  };
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
