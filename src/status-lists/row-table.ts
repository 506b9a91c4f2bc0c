import type { Changes, Judgement } from './judgement.ts';
import { BLOCK } from './list-identity.ts';
import { HANDLES, type Row } from './row.ts';

/** The rows of one list by position, in columns: an object for each would cost five times as much. */
export interface RowTable {
  /** True: nothing was known of the position. */
  put(row: Row): boolean;
  isKnown(position: number): boolean;
  /** Shows `see` the positions that `changes` may touch; yields from time to time, so that other work gets a turn. */
  visit(changes: Changes, see: (position: number) => void): Generator<void>;
  /** Whether the token at a known position was taken back. */
  isTakenBack(position: number, judgement: Judgement): boolean;
  size(): number;
}

/** Words of a row: expiry, epoch, digests. An expiry of 0: nothing is known. */
const WORDS = 1 + 1 + 2 * HANDLES.length;
const EPOCH = 1;
const DIGESTS = 2;

/** So many blocks take about a millisecond. */
const BLOCKS_A_TURN = 64;

interface Block {
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
}

/** Empty. Takes memory block by block. */
export function createRowTable(): RowTable {
  const blocks = new Map<number, Block>();
  const epochs: string[] = [];
  let size = 0;

  const blockOf = (position: number): Block | undefined => blocks.get(Math.floor(position / BLOCK));

  function isKnown(position: number): boolean {
    return (blockOf(position)?.words[(position % BLOCK) * WORDS] ?? 0) !== 0;
  }

  return {
    isKnown,
    size: () => size,

    put(row) {
      const isNew = !isKnown(row.position);
      if (isNew) size += 1;
      const block = blockOf(row.position) ?? createBlock();
      blocks.set(Math.floor(row.position / BLOCK), block);
      write(block, row, indexIn(epochs, row.epoch));
      return isNew;
    },

    *visit(changes, see) {
      let sinceTurn = 0;
      for (const [number, { words }] of blocks) {
        for (const row of touched(words, changes)) see(number * BLOCK + row);
        sinceTurn += 1;
        if (sinceTurn % BLOCKS_A_TURN === 0) yield;
      }
    },

    isTakenBack(position, judgement) {
      const { words, numbers } = blockOf(position) ?? createBlock();
      const row = position % BLOCK;
      const number = numbers[row] ?? 0;
      const at = row * WORDS;
      if (epochs[words[at + EPOCH] ?? 0] !== judgement.epoch()) return true;
      if (judgement.before() > number) return true;
      return HANDLES.some((_, kind) => {
        const high = words[at + DIGESTS + 2 * kind] ?? 0;
        const low = words[at + DIGESTS + 2 * kind + 1] ?? 0;
        return (high !== 0 || low !== 0) && judgement.numberOf({ high, low }) > number;
      });
    },
  };
}

function createBlock(): Block {
  return { words: new Uint32Array(BLOCK * WORDS), numbers: new Float64Array(BLOCK) };
}

function indexIn(epochs: string[], epoch: string): number {
  const known = epochs.indexOf(epoch);
  return known === -1 ? epochs.push(epoch) - 1 : known;
}

function write({ words, numbers }: Block, row: Row, epoch: number): void {
  const at = (row.position % BLOCK) * WORDS;
  words[at] = Math.max(row.expiresAt, 1);
  words[at + EPOCH] = epoch;
  numbers[row.position % BLOCK] = row.number;
  for (const [kind, { high, low }] of row.digests.entries()) {
    words[at + DIGESTS + 2 * kind] = high;
    words[at + DIGESTS + 2 * kind + 1] = low;
  }
}

/** The known rows of a block that `changes` may touch; one that has several of the handles comes several times. */
function touched(words: Uint32Array, changes: Changes): readonly number[] {
  const rows: number[] = [];
  if (changes === 'everything') {
    for (let at = 0; at < words.length; at += WORDS) if (words[at] !== 0) rows.push(at / WORDS);
    return rows;
  }
  for (const [kind, lows] of changes) {
    const low = DIGESTS + 2 * kind + 1;
    for (let at = 0; at < words.length; at += WORDS)
      if (lows.has(words[at + low] ?? 0) && words[at] !== 0) rows.push(at / WORDS);
  }
  return rows;
}
