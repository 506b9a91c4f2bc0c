import type { LedgerEntry, ShownByNode } from './ledger-entry.ts';
import { encodeRows, type Row } from './row.ts';
import type { TokenList } from './token-list.ts';

/** So many rows fit into one value of state with room to spare. */
const ROWS_MAX = 2000;

/** What this node has to tell the others, until it is told. */
export interface Untold {
  add(list: TokenList, row: Row): void;
  open(list: TokenList, blocks: readonly number[]): void;
  close(list: TokenList, block: number): void;
  closeAll(): void;
  show(shown: ShownByNode): void;
  shown(): ShownByNode | undefined;
  /** True: there is something. */
  isNews(): boolean;
  /** How many are not known to be told: also what is taken, until it stands. */
  rows(): number;
  /** Takes all there is, by list, after what was taken before stands or failed. */
  take(): Told;
}

/** What one write tells. */
export interface Told {
  readonly parts: readonly Part[];
  /** It may stand or not: it has to be told again, and is there again to be taken. */
  failed(): void;
  stands(): void;
}

/** One list, or a part of it when it is much; without a list when there is nothing but a word. */
export interface Part {
  readonly list: TokenList | undefined;
  readonly open: readonly number[];
  readonly rows: readonly Row[];
}

/** Has at least a word to say. */
export function createUntold(): Untold {
  const open = new Map<TokenList, Set<number>>();
  let rows: { readonly list: TokenList; readonly row: Row }[] = [];
  let telling: typeof rows = [];
  let shown: ShownByNode | undefined;
  let isNews = true;

  return {
    shown: () => shown,
    isNews: () => isNews || rows.length > 0,
    rows: () => telling.length + rows.length,
    add(list, row) {
      rows.push({ list, row });
    },
    open(list, blocks) {
      isNews = true;
      open.set(list, new Set([...(open.get(list) ?? []), ...blocks]));
    },
    close(list, block) {
      isNews = true;
      open.get(list)?.delete(block);
    },
    closeAll() {
      open.forEach((blocks) => blocks.clear());
    },
    show(next) {
      isNews ||= !isSame(next, shown);
      shown = next;
    },
    take() {
      telling = rows;
      rows = [];
      isNews = false;
      const emptied = [...open].filter(([, blocks]) => blocks.size === 0).map(([list]) => list);
      return {
        parts: partsOf(telling, open),
        failed() {
          rows = [...telling, ...rows];
          telling = [];
          isNews = true;
        },
        stands() {
          telling = [];
          // Only what was told to be empty: more may have been opened meanwhile.
          for (const list of emptied) if (open.get(list)?.size === 0) open.delete(list);
        },
      };
    },
  };
}

function isSame(one: ShownByNode, other: ShownByNode | undefined): boolean {
  return one.epoch === other?.epoch && one.number === other.number && one.settled === other.settled;
}

function partsOf(
  taken: readonly { readonly list: TokenList; readonly row: Row }[],
  open: ReadonlyMap<TokenList, ReadonlySet<number>>,
): readonly Part[] {
  const byList = new Map<TokenList, Row[]>([...open.keys()].map((list) => [list, []]));
  for (const { list, row } of taken) {
    const known = byList.get(list) ?? [];
    known.push(row);
    byList.set(list, known);
  }
  const parts = [...byList].flatMap(([list, rows]) =>
    chunks(rows).map((chunk) => ({ list, open: [...(open.get(list) ?? [])], rows: chunk })),
  );
  return parts.length === 0 ? [{ list: undefined, open: [], rows: [] }] : parts;
}

function chunks(rows: readonly Row[]): readonly (readonly Row[])[] {
  const count = Math.max(1, Math.ceil(rows.length / ROWS_MAX));
  return Array.from({ length: count }, (_, index) =>
    rows.slice(index * ROWS_MAX, (index + 1) * ROWS_MAX),
  );
}

/** Rows as an entry has them. */
export function rowsByEpoch(rows: readonly Row[]): LedgerEntry['rows'] {
  const epochs = Map.groupBy(rows, ({ epoch }) => epoch);
  return [...epochs].map(([epoch, group]) => ({ epoch, rows: encodeRows(group) }));
}
