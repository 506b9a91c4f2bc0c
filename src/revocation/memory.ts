import { digestOf, digestOfText, parseDigest, type HandleKind } from './digest.ts';
import type { NumberedEntry } from './entry.ts';
import {
  createHandleTable,
  type HandleTable,
  type Digest,
  type Revocable,
} from './handle-table.ts';
import type { TokenHandles } from './revocation.ts';

/** How many of the newest entries are kept whole, for followers of the feed that are a little behind. */
const RECENT_MAX = 20_000;
const SWEEP_SLOTS = 65_536;

/** All that was revoked and matters still, on this node. */
export interface RevocationMemory {
  apply(entry: NumberedEntry): void;
  /** True: an entry with a higher number than the token's matches it. */
  matches(token: TokenHandles, number: number): boolean;
  /** The number of the newest revocation of a handle; 0: there was none that matters still. */
  numberOf(digest: Digest): number;
  /** Forgets a part of what has expired. */
  sweep(now: number): void;
  clear(): void;
  /** Entries behind `number`, oldest first, at most `limit`; undefined: some are not at hand any more. */
  entriesAfter(number: number, limit: number): readonly NumberedEntry[] | undefined;
  /** The entry with this number, while it is at hand. */
  entry(number: number): NumberedEntry | undefined;
  /** A copy of every handle that matters still. */
  handles(): Iterable<Revocable>;
  /** The number of the last entry of kind `before`; 0: there was none. */
  before(): number;
  size(): number;
  bytes(): number;
}

/** Nothing revoked yet. */
export function createRevocationMemory(): RevocationMemory {
  const table = createHandleTable();
  /** Kinds with entries: a digest costs half a microsecond, and most kinds are never looked for. */
  const kinds = new Set<HandleKind>();
  let recent: NumberedEntry[] = [];
  let before = 0;

  function isRevoked(kind: HandleKind, handle: string | undefined, number: number): boolean {
    if (handle === undefined || !kinds.has(kind)) return false;
    return table.numberOf(digestOf(kind, handle)) > number;
  }

  function remember(entry: NumberedEntry): void {
    const last = recent.at(-1);
    if (last !== undefined && entry.number !== last.number + 1) recent = [];
    recent.push(entry);
    if (recent.length > 2 * RECENT_MAX) recent = recent.slice(-RECENT_MAX);
  }

  function indexOf(number: number): number {
    return number - (recent[0]?.number ?? 0);
  }

  return {
    apply(entry) {
      remember(entry);
      if (entry.kind === 'before') {
        before = entry.number;
        return;
      }
      kinds.add(entry.kind);
      const { number, expiresAt, tellUntil } = entry;
      table.set({ ...parseDigest(entry.digest), number, expiresAt, tellUntil });
    },

    matches: (token, number) =>
      before > number ||
      isRevoked('token', token.jti, number) ||
      isRevoked('grant', token.grantId, number) ||
      isRevoked('session', token.sessionUid, number) ||
      isRevoked('account', token.accountId, number) ||
      isRevoked('client', token.clientId, number) ||
      isAnyRevoked(token.from, number, table),

    numberOf: table.numberOf,

    sweep(now) {
      table.sweep(now, SWEEP_SLOTS);
      if (table.size() === 0) kinds.clear();
    },

    clear() {
      table.clear();
      kinds.clear();
      recent = [];
      before = 0;
    },

    entriesAfter(number, limit) {
      const from = indexOf(number + 1);
      if (recent.length === 0 || from < 0 || from > recent.length) return undefined;
      return recent.slice(from, from + limit);
    },

    entry: (number) => (recent.length === 0 ? undefined : recent[indexOf(number)]),
    handles: () => table.copy(),
    before: () => before,
    size: () => table.size(),
    bytes: () => table.bytes(),
  };
}

/** Whether one of the handles written `kind:handle` is in `table`, with a number above `number`. */
function isAnyRevoked(
  named: readonly string[] | undefined,
  number: number,
  table: Pick<HandleTable, 'numberOf'>,
): boolean {
  return (named ?? []).some((one) => table.numberOf(digestOfText(one)) > number);
}
