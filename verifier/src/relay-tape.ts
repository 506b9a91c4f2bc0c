import {
  isOlder,
  type BatchMessage,
  type LogPlace,
  type SnapshotMessage,
} from './feed-messages.ts';
import type { FeedReader } from './follow-feed.ts';

/** Behind a snapshot so many entries are kept; then a new one is taken. */
const ENTRIES_MAX = 100_000;

/** A message of the feed as it came. */
export interface Recorded {
  readonly jws: string;
  readonly cursor: string;
  readonly place: LogPlace;
}

/** Where a cursor stands, and what came behind it. */
export interface Stretch {
  readonly at: LogPlace;
  readonly missed: readonly Recorded[];
}

/** The feed as it came, signatures and all, for others to read: a snapshot and what came after it. */
export interface RelayTape extends FeedReader {
  /** The lines of the snapshot; undefined: none came yet. */
  snapshotLines(): readonly string[] | undefined;
  /** Undefined: what came behind the cursor cannot be told from here. */
  after(cursor: string): Stretch | undefined;
  /** Each message from now on; undefined: whoever follows has to take a snapshot. Gives the function that ends it. */
  listen(listener: (message: Recorded | undefined) => void): () => void;
}

/** Nothing recorded yet. */
export function createRelayTape(): RelayTape {
  const listeners = new Set<(message: Recorded | undefined) => void>();
  let lines: readonly string[] | undefined;
  let place: LogPlace | undefined;
  let start: SnapshotMessage | undefined;
  let tail: Recorded[] = [];
  let live = 0;
  let recorded = 0;

  const tell = (message: Recorded | undefined): void => {
    for (const listener of listeners) listener(message);
  };

  function replace(last: SnapshotMessage, newLines: readonly string[]): boolean {
    if (place !== undefined && isOlder(last, place)) return false;
    [lines, place, start, tail] = [newLines, last, last, []];
    [live, recorded] = [last.live, 0];
    tell(undefined);
    return true;
  }

  function record(batch: BatchMessage, jws: string): void {
    place = batch;
    const message = { jws, cursor: batch.cursor, place: batch };
    // A heartbeat is of now: told later, it would say that the feed speaks when it does not.
    if (batch.entries.length > 0) tail.push(message);
    tell(message);
  }

  return {
    snapshot: () => createIntake(replace),

    apply(batch, jws) {
      if (place?.epoch !== batch.epoch || place.number !== batch.after) return false;
      if (batch.after + batch.entries.length !== batch.number) return false;
      if (recorded + batch.entries.length > ENTRIES_MAX) return false;
      recorded += batch.entries.length;
      record(batch, jws);
      return true;
    },

    snapshotLines: () => lines,
    after(cursor) {
      if (start === undefined) return undefined;
      if (cursor === start.cursor) return { at: start, missed: tail };
      const index = tail.findLastIndex((message) => message.cursor === cursor);
      const last = tail[index];
      return last && { at: last.place, missed: tail.slice(index + 1) };
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    // The snapshot forgets by itself: it is taken anew.
    sweep: () => undefined,
    size: () => live + recorded,
  };
}

/** Takes a snapshot in as it comes, part by part. */
function createIntake(
  replace: (last: SnapshotMessage, lines: readonly string[]) => boolean,
): ReturnType<FeedReader['snapshot']> {
  const lines: string[] = [];
  let last: SnapshotMessage | undefined;
  return {
    add(part, jws) {
      const follows = last === undefined || (!last.isLast && last.cursor === part.cursor);
      if (!follows || part.part !== lines.length) throw new Error('a foreign part');
      lines.push(jws);
      last = part;
    },
    commit() {
      if (last?.isLast !== true) throw new Error('the snapshot is not whole');
      return replace(last, lines);
    },
  };
}
