import type { AccessTokenClaims } from './claims.ts';
import { createDigestCache } from './digest-cache.ts';
import { digestOfText, parseDigest, type HandleKind } from './digest.ts';
import { eachEntry, isOlder, type SnapshotMessage } from './feed-messages.ts';
import type { FeedReader } from './follow-feed.ts';
import { createHandleTable, type HandleTable } from './handle-table.ts';
import { parseMark, type Mark } from './mark.ts';

const EVERYTHING = '*';
const SWEEP_SLOTS = 65_536;

/** What memory says of a token. `ahead`: it belongs to an epoch that the feed has not told of yet. */
export type Verdict = 'valid' | 'revoked' | 'ahead';

/** All that is revoked and matters still, as far as the feed has told. */
export interface RevocationList extends FeedReader {
  /** Undefined before the first snapshot. */
  place(): { readonly epoch: string; readonly number: number } | undefined;
  judge(token: AccessTokenClaims): Verdict;
  apply(batch: Parameters<FeedReader['apply']>[0]): boolean;
  /** False: the snapshot is older than the list, which stays as it is. @throws {Error} when it is not whole. */
  replace(snapshot: Snapshot): boolean;
  bytes(): number;
}

/** A snapshot as it comes in. */
export interface Snapshot {
  /** @throws {Error} when the part does not follow the one before. */
  add(part: SnapshotMessage): void;
  /** @throws {Error} when a part is missing. */
  contents(): Contents;
}

/** What a snapshot holds. */
export interface Contents {
  readonly epoch: string;
  readonly generation: number;
  readonly table: HandleTable;
  number: number;
  before: number;
}

/** A snapshot of which nothing has come yet. */
export function createSnapshot(): Snapshot {
  let contents: Contents | undefined;
  let previous: SnapshotMessage | undefined;

  return {
    add(part) {
      const { epoch, generation, number, before, cursor, live } = part;
      const follows = previous === undefined || (!previous.isLast && previous.cursor === cursor);
      if (!follows || part.part !== (previous?.part ?? -1) + 1) throw new Error('a foreign part');
      contents ??= { epoch, generation, number, before, table: createHandleTable(live) };
      const { table } = contents;
      eachEntry(part, (digest, at, until) => table.set(entry(digest, at, until)));
      previous = part;
    },
    contents() {
      if (contents === undefined || previous?.isLast !== true) {
        throw new Error('the snapshot is not whole');
      }
      return contents;
    },
  };
}

/** A list that knows nothing yet. `onMoved` hears of every change after which a token may be revoked that was not. */
export function createRevocationList(onMoved: () => void = () => undefined): RevocationList {
  const digestOf = createDigestCache();
  let contents: Contents | undefined;

  function replace(snapshot: Snapshot): boolean {
    const next = snapshot.contents();
    if (contents !== undefined && isOlder(next, contents)) return false;
    contents = next;
    onMoved();
    return true;
  }

  return {
    place: () => contents && { epoch: contents.epoch, number: contents.number },

    judge(token) {
      const mark = token.mark === undefined ? undefined : parseMark(token.mark);
      // A token that cannot be held against the list cannot be told from a revoked one.
      if (mark === undefined) return 'revoked';
      if (contents === undefined || mark.generation > contents.generation) return 'ahead';
      return isListed(contents, { token, mark, digestOf }) ? 'revoked' : 'valid';
    },

    apply({ epoch, after, number, entries }) {
      if (contents?.epoch !== epoch || contents.number !== after) return false;
      if (after + entries.length !== number) return false;
      for (const { digest, until } of entries) {
        contents.number += 1;
        if (digest === EVERYTHING) contents.before = contents.number;
        else contents.table.set(entry(parseDigest(digest), contents.number, until));
      }
      if (entries.length > 0) onMoved();
      return true;
    },

    snapshot() {
      const snapshot = createSnapshot();
      return { add: snapshot.add, commit: () => replace(snapshot) };
    },
    replace,

    sweep: (now) => contents?.table.sweep(now, SWEEP_SLOTS),
    size: () => contents?.table.size() ?? 0,
    bytes: () => contents?.table.bytes() ?? 0,
  };
}

interface Judged {
  readonly token: AccessTokenClaims;
  readonly mark: Mark;
  readonly digestOf: ReturnType<typeof createDigestCache>;
}

/** Numbers, not clocks: a matching entry counts when it is later than what the issuer knew when it issued the token. */
function isListed({ epoch, before, table }: Contents, { token, mark, digestOf }: Judged): boolean {
  const listed = (kind: HandleKind, handle: string | undefined): boolean =>
    handle !== undefined && table.numberOf(digestOf(kind, handle)) > mark.number;
  return (
    mark.epoch !== epoch ||
    before > mark.number ||
    (table.size() > 0 &&
      (listed('token', token.jti) ||
        listed('grant', token.grantId) ||
        listed('session', token.sessionId) ||
        listed('account', token.sub) ||
        listed('client', token.clientId))) ||
    token.from.some((named) => table.numberOf(digestOfText(named)) > mark.number)
  );
}

function entry(
  { high, low }: { readonly high: number; readonly low: number },
  number: number,
  until: number,
): Parameters<HandleTable['set']>[0] {
  return { high, low, number, expiresAt: until, tellUntil: until };
}
