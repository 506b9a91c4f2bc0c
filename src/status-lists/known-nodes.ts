import type { Clock } from '../runtime/clock.ts';
import type { LedgerEntry, ShownByNode } from './ledger-entry.ts';
import type { TokenList } from './token-list.ts';

/** A node says at least so often that it lives. */
export const BEAT_SECONDS = 10;
/** A node that was silent for so long is taken for dead. */
export const SILENCE_SECONDS = 30;

/** The other nodes, by what they say in the ledger. */
export interface KnownNodes {
  /** `list`: the one that the entry speaks of. */
  hear(entry: LedgerEntry, list: TokenList | undefined): void;
  /** Takes nodes for dead that were silent: what they may have given out and not told of is lost. */
  review(isOver: (until: number) => boolean): void;
  /** What those that live say of how far their lists have come. */
  shown(): readonly (ShownByNode | undefined)[];
}

interface KnownNode {
  order: number;
  at: number;
  until: number;
  heardMs: number;
  isSilent: boolean;
  shown: ShownByNode | undefined;
  /** Blocks that it gives indices of. */
  readonly open: Map<TokenList, ReadonlySet<number>>;
}

/** `tolerance`: how far clocks of two nodes may be apart. */
export function createKnownNodes(options: {
  readonly clock: Clock;
  readonly tolerance: number;
}): KnownNodes {
  const { clock, tolerance } = options;
  const nodes = new Map<string, KnownNode>();

  function isSilent({ at, heardMs }: KnownNode): boolean {
    // By both clocks: a node that was dead before this one began is known by what it said last.
    return (
      performance.now() - heardMs > SILENCE_SECONDS * 1000 ||
      clock.now() - at > SILENCE_SECONDS + tolerance
    );
  }

  return {
    hear(entry, list) {
      const node = nodes.get(entry.node) ?? createNode(entry);
      nodes.set(entry.node, node);
      // Some of what it told is not there any more: rows, for all that is known.
      if (entry.order > node.order + 1) eachOpen(node, (from, block) => from.lose(block, true));
      if (node.isSilent) eachOpen(node, (from, block) => from.find(block));
      const { at, shown, until } = entry;
      const order = Math.max(node.order, entry.order);
      Object.assign(node, { order, at, shown, until, heardMs: performance.now(), isSilent: false });
      if (list !== undefined) node.open.set(list, new Set(entry.open));
      if (entry.isLast) nodes.delete(entry.node);
    },

    review(isOver) {
      for (const [name, node] of nodes) {
        if (!node.isSilent && isSilent(node)) {
          node.isSilent = true;
          eachOpen(node, (list, block) => list.lose(block, false));
        }
        if (isOver(node.until)) nodes.delete(name);
      }
    },

    shown: () => [...nodes.values()].filter((node) => !node.isSilent).map(({ shown }) => shown),
  };
}

function createNode({ order, at, until, shown }: LedgerEntry): KnownNode {
  return { order, at, until, shown, heardMs: performance.now(), isSilent: false, open: new Map() };
}

function eachOpen(node: KnownNode, visit: (list: TokenList, block: number) => void): void {
  for (const [list, blocks] of node.open) for (const block of blocks) visit(list, block);
}
