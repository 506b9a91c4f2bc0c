import { z } from 'zod';
import type { Client } from '../../clients/clients.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Sealer } from '../../runtime/sealing.ts';
import { PING_SEAL } from '../store/backchannel-store.ts';
import { text } from '../store/payloads.ts';

const WAITS_SECONDS = [1, 5, 25];
const TIMEOUT_MS = 5000;
const GOOD: ReadonlySet<number> = new Set([200, 204]);

const words = z.strictObject({ id: z.string(), token: z.string() });

/** Tells a client that its request was answered (CIBA section 10.2). Resolves when it was told, or was not to be reached. */
export type Ping = (client: Client, sealed: string) => Promise<void>;

/**
 * Tries four times within half a minute. A client that is not told finds the answer by asking, which CIBA lets it do in
 * this mode, too.
 */
export function createPing(options: {
  readonly outboundFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  readonly sealer: Pick<Sealer, 'open'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}): Ping {
  const { outboundFetch, sealer, clock, logger, signal } = options;

  async function isTold(endpoint: string, sealed: string): Promise<boolean> {
    const { id, token } = words.parse(
      JSON.parse(Buffer.from(sealer.open(sealed, PING_SEAL)).toString('utf8')),
    );
    const { status, body } = await outboundFetch(endpoint, {
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ auth_req_id: id }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await body?.cancel();
    return GOOD.has(status);
  }

  return async ({ id: clientId, metadata }, sealed) => {
    const endpoint = text(metadata, 'backchannel_client_notification_endpoint');
    if (endpoint === undefined) return;
    for (const wait of [0, ...WAITS_SECONDS]) {
      if (wait > 0) await clock.sleep(wait, signal);
      if (await isTold(endpoint, sealed).catch(() => false)) return;
    }
    logger.warn(
      { event: 'ciba.not_told', clientId },
      'a client could not be told that its request was answered; it finds out when it asks',
    );
  };
}
