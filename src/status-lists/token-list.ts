import type { Changes, Judgement } from './judgement.ts';
import { BLOCK, type ListIdentity } from './list-identity.ts';
import type { Row } from './row.ts';
import { createRowTable } from './row-table.ts';
import { shuffled } from './shuffle.ts';
import { createStatusArray, INVALID, VALID } from './status-array.ts';

/** One list in the memory of a node: who has which index, and the bits that follow from it. */
export interface TokenList {
  readonly identity: ListIdentity;
  readonly bytes: Uint8Array;
  /** Counts every change of a bit. */
  version(): number;
  /** NumericDate after which none of its tokens lives. */
  until(): number;
  /** Puts `until` off. */
  lives(until: number): void;
  indexAt(position: number): number;
  /** Takes a row in and judges it; again: no change. */
  put(row: Row): void;
  /** Nobody can tell who has the indices of the block that no row is known of: they become invalid. */
  lose(block: number, forGood: boolean): void;
  /** Whoever has the block was only silent. */
  find(block: number): void;
  /** Judges again what `changes` touches; yields from time to time, so that other work gets a turn. */
  judge(changes: Changes): Generator<void>;
  /** How many rows are known. */
  size(): number;
}

/** Without rows; every index is valid. */
export function createTokenList(identity: ListIdentity, judgement: Judgement): TokenList {
  const { key, size } = identity;
  const order = shuffled(Buffer.from(key, 'base64url'), size);
  const statuses = createStatusArray(size);
  const rows = createRowTable();
  const lost = new Map<number, 'silent' | 'for good'>();
  let version = 0;
  let until = 0;

  function indexAt(position: number): number {
    const index = order[position];
    if (index === undefined) throw new RangeError(`a list of ${size} has no position ${position}`);
    return index;
  }

  function mark(position: number, isInvalid: boolean): void {
    if (statuses.set(indexAt(position), isInvalid ? INVALID : VALID)) version += 1;
  }

  function markUnknown(block: number, isInvalid: boolean): void {
    for (let position = block * BLOCK; position < (block + 1) * BLOCK; position += 1)
      if (!rows.isKnown(position)) mark(position, isInvalid);
  }

  return {
    identity,
    bytes: statuses.bytes,
    version: () => version,
    until: () => until,
    lives(next) {
      until = Math.max(until, next);
    },
    indexAt,
    put(row) {
      indexAt(row.position);
      rows.put(row);
      until = Math.max(until, row.expiresAt);
      mark(row.position, rows.isTakenBack(row.position, judgement));
    },
    lose(block, forGood) {
      if (lost.get(block) === 'for good') return;
      lost.set(block, forGood ? 'for good' : 'silent');
      markUnknown(block, true);
    },
    find(block) {
      if (lost.get(block) !== 'silent') return;
      lost.delete(block);
      markUnknown(block, false);
    },
    judge: (changes) =>
      rows.visit(changes, (position) => mark(position, rows.isTakenBack(position, judgement))),
    size: rows.size,
  };
}
