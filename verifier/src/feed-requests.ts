import { basicAuthorization } from './introspection.ts';
import type { Settings } from './settings.ts';

const SNAPSHOT_TIMEOUT_MS = 30_000;

/** The two requests of the feed. */
export interface FeedRequests {
  /** The lines of a snapshot. */
  snapshot(signal: AbortSignal): Promise<readonly string[]>;
  /** The stream behind `cursor`; undefined: a snapshot has to be taken first. */
  stream(cursor: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | undefined>;
}

export function createFeedRequests(settings: Settings, url: string): FeedRequests {
  const { credentials, fetch: get } = settings;
  const headers =
    credentials === undefined ? {} : { authorization: basicAuthorization(credentials) };

  return {
    async snapshot(signal) {
      const response = await get(`${url}/snapshot`, {
        headers,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(SNAPSHOT_TIMEOUT_MS)]),
      });
      if (!response.ok) throw new Error(`the snapshot was answered with ${response.status}`);
      return (await response.text()).split('\n').filter((line) => line !== '');
    },

    async stream(cursor, signal) {
      const response = await get(`${url}?after=${encodeURIComponent(cursor)}`, {
        headers: { ...headers, accept: 'text/event-stream' },
        redirect: 'error',
        signal,
      });
      if (response.status === 410) {
        await response.body?.cancel();
        return undefined;
      }
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        throw new Error(`the feed was answered with ${response.status}`);
      }
      return response.body;
    },
  };
}
