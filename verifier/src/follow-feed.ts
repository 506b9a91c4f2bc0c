import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from './backoff.ts';
import {
  readBatch,
  readSnapshotPart,
  type BatchMessage,
  type FeedMessage,
  type FeedTrust,
  type SnapshotMessage,
} from './feed-messages.ts';
import type { FeedRequests } from './feed-requests.ts';
import type { Hearing } from './hearing.ts';
import type { IssuerTime } from './issuer-time.ts';
import { createPace } from './pace.ts';
import type { Rhythm } from './rhythm.ts';
import type { Settings } from './settings.ts';
import { readServerSentEvents } from './server-sent-events.ts';
import { createWatchdog } from './watchdog.ts';

/** How following goes. */
export interface FeedFollowing {
  /** How often the connection was lost, and why last. */
  disconnects(): { readonly count: number; readonly lastError: string | undefined };
  /** Asks from where it stands once more, at once: a feed that can be reached answers with what is so now. */
  connectAnew(): void;
  close(): void;
}

/** Takes in what the feed tells. `jws` is the message as it came, signature and all. */
export interface FeedReader {
  /** A snapshot as it comes in, part by part, so that no part keeps the program from its other work for long. */
  snapshot(): {
    /** @throws {Error} when the part does not follow the one before. */
    add(part: SnapshotMessage, jws: string): void;
    /** False: it is older than what is known, which stays as it is. @throws {Error} when it is not whole. */
    commit(): boolean;
  };
  /** False: the batch does not continue what is known, and nothing was applied. */
  apply(batch: BatchMessage, jws: string): boolean;
  /** Forgets a part of what has expired. */
  sweep(now: number): void;
  size(): number;
}

interface FollowOptions {
  readonly settings: Settings;
  readonly trust: FeedTrust;
  readonly requests: FeedRequests;
  readonly list: FeedReader;
  readonly hearing: Hearing;
  readonly rhythm: Rhythm;
  /** Told what time it is there. */
  readonly time: Pick<IssuerTime, 'hear'>;
}

/** Follows the feed into `list` until it is closed: snapshot, stream, and again from where it broke. */
export function followFeed(options: FollowOptions): FeedFollowing {
  const { onEvent } = options.settings;
  const stop = new AbortController();
  let cursor: string | undefined;
  let attempt = 0;
  let count = 0;
  let lastError: string | undefined;
  let connection = new AbortController();

  function arrive(at: string): void {
    cursor = at;
    attempt = 0;
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      connection = new AbortController();
      try {
        cursor ??= await takeSnapshot(options, attempt, stop.signal);
        const signal = AbortSignal.any([stop.signal, connection.signal]);
        const canGoOn = await followStream(options, cursor, { arrive, attempt, signal });
        if (!canGoOn) cursor = undefined;
      } catch (error) {
        if (stop.signal.aborted) return;
        if (connection.signal.aborted) continue;
        count += 1;
        lastError = error instanceof Error ? error.message : String(error);
        onEvent({ kind: 'disconnected', error: lastError });
      }
      await delay(backoffMs(attempt), undefined, { signal: stop.signal }).catch(() => undefined);
      attempt += 1;
    }
  }
  void follow();

  return {
    disconnects: () => ({ count, lastError }),
    connectAnew: () => connection.abort(),
    close: () => stop.abort(),
  };
}

/** Gives the cursor from which the feed goes on. */
async function takeSnapshot(
  options: FollowOptions,
  attempt: number,
  signal: AbortSignal,
): Promise<string> {
  const { settings, trust, requests, list, rhythm } = options;
  const began = settings.clock.monotonicMs();
  const snapshot = list.snapshot();
  let message: FeedMessage | undefined;
  for (const line of await requests.snapshot(signal, rhythm.firstWordMs(attempt))) {
    const part = await readSnapshotPart(line, trust);
    options.hearing.assertNew(part);
    snapshot.add(part, line);
    message = part;
  }
  if (message === undefined) throw new Error('an empty snapshot');
  // From a node that is behind, which the next attempt may find caught up.
  if (!snapshot.commit()) throw new Error('an old snapshot');
  // It may have been made for others a moment ago: only the stream tells that nothing came since.
  take(options, message);
  const ms = settings.clock.monotonicMs() - began;
  settings.onEvent({ kind: 'snapshot', entries: list.size(), ms });
  return message.cursor;
}

/** False: the feed cannot go on from where we stand. */
async function followStream(
  options: FollowOptions,
  from: string,
  connection: {
    readonly signal: AbortSignal;
    readonly attempt: number;
    arrive(cursor: string): void;
  },
): Promise<boolean> {
  const { settings, trust, requests, list, hearing, rhythm } = options;
  const watchdog = createWatchdog(rhythm.firstWordMs(connection.attempt));
  try {
    const signal = AbortSignal.any([connection.signal, watchdog.signal]);
    const pace = createPace(settings.clock, rhythm.overdueAfterMs);
    const body = await requests.stream(from, signal);
    if (body === undefined) return false;
    for await (const { event, data } of readServerSentEvents(body)) {
      if (event === 'snapshot') return false;
      const batch = await readBatch(data, trust);
      hearing.assertNew(batch);
      const knownSince = pace.knownSince(batch);
      // Asked again, from the same place, the feed says what is so now.
      if (knownSince === undefined) return true;
      if (!list.apply(batch, data)) return false;
      take(options, batch);
      options.time.hear(batch.sentMs, knownSince);
      rhythm.hear(batch.heartbeatMs);
      if (batch.number >= batch.head) hearing.know(knownSince);
      connection.arrive(batch.cursor);
      watchdog.putOff(rhythm.giveUpAfterMs());
      if (batch.entries.length > 0) {
        settings.onEvent({ kind: 'batch', entries: batch.entries.length });
      }
    }
    return true;
  } finally {
    watchdog.end();
  }
}

function take({ hearing, list, settings }: FollowOptions, message: FeedMessage): void {
  // By the earlier of two clocks: one that is ahead must make nobody forget what was revoked.
  list.sweep(Math.min(message.issuedAt, Math.floor(settings.clock.wallMs() / 1000)));
  hearing.hear(message);
}
