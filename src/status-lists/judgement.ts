import type { NumberedEntry } from '../revocation/entry.ts';
import type { FeedSource } from '../revocation/feed-source.ts';
import { parseDigest } from '../revocation/digest.ts';
import type { Digest } from '../revocation/handle-table.ts';
import { HANDLES } from './row.ts';

/** What this node knows of revocations, as a list holds its rows against it. */
export interface Judgement {
  /** The epoch of the log; undefined: nothing is known yet. */
  epoch(): string | undefined;
  /** The number of the last entry of kind `before`. */
  before(): number;
  /** The number of the newest revocation of a handle; 0: there was none. */
  numberOf(digest: Digest): number;
}

/** Which rows have to be looked at again: all, or those that have one of these handles. */
export type Changes = 'everything' | ReadonlyMap<number, ReadonlySet<number>>;

/** `numberOf`: of the room of revocations. */
export function createJudgement(feed: FeedSource, numberOf: (digest: Digest) => number): Judgement {
  let epoch: string | undefined;
  return {
    // Kept while this node is cut off: it signs nothing then, but goes on giving out what it has leased.
    epoch() {
      epoch = feed.position()?.id ?? epoch;
      return epoch;
    },
    before: feed.before,
    numberOf,
  };
}

/** What `entries` change: by kind of handle, the lower halves of the digests. */
export function changesOf(entries: readonly NumberedEntry[]): Changes {
  const changes = new Map<number, Set<number>>();
  for (const { kind, digest } of entries) {
    if (kind === 'before') return 'everything';
    const handle = HANDLES.indexOf(kind);
    const lows = changes.get(handle) ?? new Set<number>();
    changes.set(handle, lows.add(parseDigest(digest).low));
  }
  return changes;
}
