import { z } from 'zod';
import type { Json } from '../runtime/json.ts';
import type { ListIdentity } from './list-identity.ts';

/** How far the lists that a node serves have come. */
export interface ShownByNode {
  readonly epoch: string;
  /** They show all revocations up to this number, for the tokens that the node knew. */
  readonly number: number;
  /**
   * The same, and it knew all tokens that any node gave an index before it had come so far: each node tells of its
   * tokens before, or together with, its `number`.
   */
  readonly settled: number;
}

/** What a node tells the others, in the ledger. */
export interface LedgerEntry {
  readonly node: string;
  /** Counts the entries of the node: a gap shows that some were lost. */
  readonly order: number;
  readonly at: number;
  /** NumericDate at which nothing lives any more that the entry tells of. */
  readonly until: number;
  readonly shown: ShownByNode | undefined;
  /** The node has left, and nothing of it is untold. */
  readonly isLast: boolean;
  readonly list: ListIdentity | undefined;
  /** Blocks of the list that the node may give indices of before it tells so. */
  readonly open: readonly number[];
  /** Who has which index, by epoch of their marks. */
  readonly rows: readonly { readonly epoch: string; readonly rows: string }[];
}

const SIZE_MAX = 1_048_576;

const stored = z.object({
  node: z.string(),
  order: z.int().nonnegative(),
  at: z.int(),
  until: z.int(),
  shown: z.object({ epoch: z.string(), number: z.int(), settled: z.int() }).optional(),
  isLast: z.boolean().default(false),
  list: z
    .object({ id: z.string(), key: z.string(), size: z.int().positive().max(SIZE_MAX) })
    .optional(),
  open: z.array(z.int().nonnegative()).default([]),
  rows: z.array(z.object({ epoch: z.string(), rows: z.base64() })).default([]),
});

/** An entry as state gave it back. @throws {z.ZodError} when it is none. */
export function readLedgerEntry(value: Json): LedgerEntry {
  const { shown, list, ...entry } = stored.parse(value);
  return { ...entry, shown, list };
}

/** An entry as state takes it. */
export function ledgerValue(entry: LedgerEntry): Json {
  const { node, order, at, until, shown, isLast, list, open, rows } = entry;
  return {
    node,
    order,
    at,
    until,
    ...(shown && { shown: { epoch: shown.epoch, number: shown.number, settled: shown.settled } }),
    ...(isLast && { isLast }),
    ...(list && { list: { id: list.id, key: list.key, size: list.size } }),
    ...(open.length > 0 && { open }),
    ...(rows.length > 0 && { rows: rows.map(({ epoch, rows: text }) => ({ epoch, rows: text })) }),
  };
}
