import { slotOf, SLOTS, type SlotRange } from './slots.ts';

/** Which node of a Cluster has which slot, as far as was heard. */
export interface SlotMap {
  /** The node that has the slot of the key `name`. */
  nodeOf(name: string): string | undefined;
  /** All that have a slot. */
  nodes(): ReadonlySet<string>;
  /** All that had a slot when a node last told of all. */
  named(): ReadonlySet<string>;
  /** True when every slot has a node. */
  isComplete(): boolean;
  /** A node told of one slot. */
  set(slot: number, node: string): void;
  /** A node told of all. */
  replace(ranges: readonly SlotRange[]): void;
  /** Resolves when that changes next. */
  nextChange(): Promise<void>;
}

export function createSlotMap(): SlotMap {
  let owners: (string | undefined)[] = [];
  let named: ReadonlySet<string> = new Set();
  let change = Promise.withResolvers<void>();

  function changed(): void {
    const { resolve } = change;
    change = Promise.withResolvers();
    resolve();
  }

  return {
    nodeOf: (name) => owners[slotOf(name)],
    nodes: () => new Set(owners.filter((node) => node !== undefined)),
    named: () => named,
    isComplete: () => owners.length === SLOTS && !owners.includes(undefined),
    set(slot, node) {
      if (owners[slot] === node) return;
      owners[slot] = node;
      changed();
    },
    replace(ranges) {
      const next = Array.from<string | undefined>({ length: SLOTS });
      for (const { from, to, node } of ranges) next.fill(node, from, to + 1);
      const isNews = next.some((node, slot) => node !== owners[slot]);
      owners = next;
      named = new Set(ranges.map(({ node }) => node));
      if (isNews) changed();
    },
    nextChange: () => change.promise,
  };
}
