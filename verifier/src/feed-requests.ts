import { basicAuthorization } from './introspection.ts';
import type { Settings } from './settings.ts';
import { createWatchdog } from './watchdog.ts';

const SNAPSHOT_TIMEOUT_MS = 30_000;

/** The two requests of the feed. */
export interface FeedRequests {
  /** The lines of a snapshot, whose answer has to begin within `beginMs`. */
  snapshot(signal: AbortSignal, beginMs: number): Promise<readonly string[]>;
  /** The stream behind `cursor`; undefined: a snapshot has to be taken first. */
  stream(cursor: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | undefined>;
}

/** Who asks. */
export function followerHeaders({ credentials, name }: Settings): Record<string, string> {
  const headers = { 'latchkey-follower': name };
  if (credentials === undefined) return headers;
  return { ...headers, authorization: basicAuthorization(credentials) };
}

export function createFeedRequests(settings: Settings, url: string): FeedRequests {
  const { fetch: get } = settings;
  const headers = followerHeaders(settings);

  return {
    async snapshot(signal, beginMs) {
      const watchdog = createWatchdog(beginMs);
      const timeout = AbortSignal.timeout(SNAPSHOT_TIMEOUT_MS);
      const response = await get(`${url}/snapshot`, {
        headers,
        redirect: 'error',
        signal: AbortSignal.any([signal, timeout, watchdog.signal]),
      }).finally(watchdog.end);
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
