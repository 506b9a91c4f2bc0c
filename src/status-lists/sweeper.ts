import type { FeedSource } from '../revocation/feed-source.ts';
import { changesOf, type Changes } from './judgement.ts';
import type { ShownByNode } from './ledger-entry.ts';
import type { LedgerReader } from './ledger-reader.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import type { Ledger } from './ledger.ts';
import type { Publisher } from './publisher.ts';
import type { Shown } from './status-lists.ts';

/** Brings what was revoked into the lists of this node. */
export interface Sweeper {
  /** Judges what the newest revocations touch, and signs what changed. Nothing while this node does not know both logs. */
  sweep(): Promise<void>;
  /** Seconds since the lists of this node were found to show all that it knew; Infinity: not yet. */
  behindSeconds(): number;
  /** This node has published all that it knew once. */
  isReady(): boolean;
  /** Undefined: this node cannot tell. */
  shownByAll(): Shown | undefined;
}

interface SweeperOptions {
  readonly feed: FeedSource;
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly publisher: Publisher;
  readonly writer: LedgerWriter;
}

/** A node that has not read the ledger for so long does not speak for it. */
const STALE_SECONDS = 5;
/** More at once are cheaper to judge row by row. */
const ENTRIES_MAX = 10_000;

type Place = Pick<ShownByNode, 'epoch' | 'number'>;

/** Has judged nothing yet. */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { feed, ledger, reader, publisher, writer } = options;
  let judged: Place | undefined;
  let shown: ShownByNode | undefined;
  let sweptMs = -Infinity;

  function changesUpTo({ epoch, number }: Place): Changes {
    if (judged?.epoch !== epoch || number - judged.number > ENTRIES_MAX) return 'everything';
    const entries = feed.entriesAfter(judged.number, ENTRIES_MAX);
    return entries === undefined ? 'everything' : changesOf(entries);
  }

  async function judge(here: Place): Promise<void> {
    if (judged?.epoch === here.epoch && judged.number === here.number) return;
    const changes = changesUpTo(here);
    await ledger.judge(changes);
    judged = here;
  }

  return {
    isReady: () => shown !== undefined,
    behindSeconds: () => (performance.now() - sweptMs) / 1000,
    async sweep() {
      const beganMs = performance.now();
      const position = feed.position();
      if (position === undefined || reader.ageSeconds() > STALE_SECONDS) return;
      ledger.review(reader.isSteady());
      const here = { epoch: position.id, number: position.number };
      await judge(here);
      // An epoch that began meanwhile is judged, and said, the next time.
      if (feed.position()?.id !== here.epoch) return;
      const others = ledger.shownByOthers();
      const known = others.map((one) => (one?.epoch === here.epoch ? one.number : 0));
      const settled = Math.min(here.number, ...known);
      await publisher.publish(ledger.lists());
      shown = { ...here, settled };
      writer.show(shown);
      sweptMs = beganMs;
    },
    shownByAll() {
      const epoch = feed.position()?.id;
      const all = [shown, ...ledger.shownByOthers()];
      const known = all.flatMap((one) => (one?.epoch === epoch ? [one?.settled ?? 0] : []));
      return known.length < all.length ? undefined : { number: Math.min(...known) };
    },
  };
}
