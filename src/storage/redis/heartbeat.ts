import type { Redis } from 'ioredis';

const BEATS_PER_TIMEOUT = 5;

/**
 * Ends the connection of `client` when an answer takes longer than `timeoutMs`. Redis answers in order, so
 * a PING that is late proves that everything sent before it is late: one small command in place of a timer
 * for each. It also finds a connection that died while nobody used it.
 *
 * @returns the function that stops it.
 */
export function startHeartbeat(client: Redis, timeoutMs: number): () => void {
  let asked: { readonly at: number; readonly stream: Redis['stream'] } | undefined;

  async function ask(): Promise<void> {
    const own = { at: performance.now(), stream: client.stream };
    asked = own;
    // A failure is the end of the connection, which is told elsewhere.
    await client.ping().catch(() => undefined);
    if (asked === own) asked = undefined;
  }

  const timer = setInterval(() => {
    if (client.status !== 'ready') return;
    if (asked?.stream !== client.stream) void ask();
    else if (performance.now() - asked.at >= timeoutMs) {
      client.stream.destroy(new Error(`no answer within ${timeoutMs} ms`));
    }
  }, timeoutMs / BEATS_PER_TIMEOUT).unref();
  return () => clearInterval(timer);
}
