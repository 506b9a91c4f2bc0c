import type { Clock } from '../runtime/clock.ts';
import type { Changes, Judgement } from './judgement.ts';
import { createKnownNodes } from './known-nodes.ts';
import type { LedgerEntry, ShownByNode } from './ledger-entry.ts';
import type { ListIdentity } from './list-identity.ts';
import { decodeRows } from './row.ts';
import { createTokenList, type TokenList } from './token-list.ts';

/** All that this node knows of lists and of those who give out their indices. */
export interface Ledger {
  apply(entry: LedgerEntry): void;
  /** The list with this identity; one that nobody spoke of yet is taken in. */
  list(identity: ListIdentity): TokenList;
  /** Lists with tokens that live. */
  lists(): readonly TokenList[];
  /** Judges again what `changes` touches; other work gets a turn meanwhile. */
  judge(changes: Changes): Promise<void>;
  /** Forgets lists of which nothing lives; with `isSteady`, takes nodes for dead that were silent. */
  review(isSteady: boolean): void;
  /** What the other nodes that live say of how far their lists have come. */
  shownByOthers(): readonly (ShownByNode | undefined)[];
}

interface LedgerOptions {
  readonly clock: Clock;
  readonly judgement: Judgement;
  /** This node: it is never dead to itself. */
  readonly self: string;
  /** How far clocks may be apart. */
  readonly tolerance: number;
}

/** Knows nothing until entries are applied. */
export function createLedger(options: LedgerOptions): Ledger {
  const { clock, judgement, self, tolerance } = options;
  const lists = new Map<string, TokenList>();
  const nodes = createKnownNodes(options);

  /** A verifier whose clock is behind may take a token for a while that has expired. */
  const isOver = (until: number): boolean => until + tolerance < clock.now();

  function listOf(identity: ListIdentity): TokenList {
    const known = lists.get(identity.id) ?? createTokenList(identity, judgement);
    lists.set(identity.id, known);
    return known;
  }

  return {
    list: listOf,
    lists: () => [...lists.values()].filter(({ until }) => !isOver(until())),

    apply(entry) {
      // Of what is over only the node is of interest.
      const list = entry.list && !isOver(entry.until) ? listOf(entry.list) : undefined;
      if (list !== undefined) takeIn(list, entry);
      if (entry.node !== self) nodes.hear(entry, list);
    },

    async judge(changes) {
      for (const list of lists.values()) {
        const judging = list.judge(changes);
        while (judging.next().done !== true) await new Promise(setImmediate);
      }
    },

    review(isSteady) {
      if (isSteady) nodes.review(isOver);
      for (const [id, { until }] of lists) if (isOver(until())) lists.delete(id);
    },

    shownByOthers: nodes.shown,
  };
}

function takeIn(list: TokenList, { until, open, rows: groups }: LedgerEntry): void {
  // That a block was closed keeps no list alive.
  if (open.length > 0) list.lives(until);
  for (const { epoch, rows } of groups) for (const row of decodeRows(rows, epoch)) list.put(row);
}
