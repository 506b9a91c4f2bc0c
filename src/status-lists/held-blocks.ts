import { BLOCK } from './list-identity.ts';
import type { TokenList } from './token-list.ts';

/** A place in a list before the shuffle. */
export interface Place {
  readonly list: TokenList;
  readonly position: number;
}

/** A block that is this node's alone. */
export interface HeldBlock {
  readonly list: TokenList;
  readonly block: number;
  /** NumericDate after which the list takes no more tokens. */
  readonly closesAt: number;
}

/** The blocks that this node gives indices of, one after the other. */
export interface HeldBlocks {
  add(blocks: readonly HeldBlock[]): void;
  /** Undefined: all are used up. */
  take(): Place | undefined;
  /** Gives up what is left: all, or what has closed at `now`. */
  drop(now?: number): void;
  left(): number;
}

/** `onEnd`: called when a block is used up or given up. */
export function createHeldBlocks(onEnd: (list: TokenList, block: number) => void): HeldBlocks {
  let held: (HeldBlock & { used: number })[] = [];
  return {
    add(blocks) {
      held = [...held, ...blocks.map((block) => ({ ...block, used: 0 }))];
    },
    take() {
      const [first] = held;
      if (first === undefined) return undefined;
      const position = first.block * BLOCK + first.used;
      first.used += 1;
      if (first.used === BLOCK) {
        held = held.slice(1);
        onEnd(first.list, first.block);
      }
      return { list: first.list, position };
    },
    drop(now = Infinity) {
      if (!held.some(({ closesAt }) => closesAt <= now)) return;
      for (const { list, block, closesAt } of held) if (closesAt <= now) onEnd(list, block);
      held = held.filter(({ closesAt }) => closesAt > now);
    },
    left: () => held.reduce((sum, { used }) => sum + BLOCK - used, 0),
  };
}
