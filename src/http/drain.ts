import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Closes a server without failing a request: no new connections, idle ones closed, requests under way answered and
 * their connections closed a moment later; what is not done after `limitSeconds` is cut off. True: nothing had to be.
 */
export async function drain(server: Server, limitSeconds: number): Promise<boolean> {
  if (!server.listening) return true;
  const closed = once(server, 'close').then(() => true);
  server.close();
  server.closeIdleConnections();
  // A request that came before is answered without `Connection: close`: nothing more is waited for after it.
  server.keepAliveTimeout = 1;
  const limit = new AbortController();
  const late = delay(limitSeconds * 1000, false, { signal: limit.signal });
  const isClean = await Promise.race([closed, late]);
  if (!isClean) server.closeAllConnections();
  limit.abort();
  late.catch(() => undefined);
  await closed;
  return isClean;
}
