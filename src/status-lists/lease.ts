import { z } from 'zod';
import type { Clock } from '../runtime/clock.ts';
import { randomId } from '../runtime/random.ts';
import { StateUnavailable, type Entry, type State } from '../storage/state.ts';
import { SHUFFLE_KEY_BYTES } from './shuffle.ts';
import { BLOCK, type ListIdentity } from './list-identity.ts';

const ID_BYTES = 9;
const ATTEMPTS_MAX = 20;

/** Blocks that nobody else has or ever had. */
export interface Lease {
  readonly identity: ListIdentity;
  readonly blocks: readonly number[];
  /** NumericDate after which the list takes no more tokens. */
  readonly closesAt: number;
}

interface LeaseOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly key: string;
  readonly size: number;
  readonly period: number;
}

/** The list that blocks are leased of, and how many of them are. */
interface Current extends ListIdentity {
  readonly next: number;
  readonly closesAt: number;
}

const current = z.object({
  id: z.string(),
  key: z.string(),
  size: z.int().positive(),
  next: z.int().nonnegative(),
  closesAt: z.int(),
});

/**
 * Leases up to `count` blocks by compare-and-set; opens the next list when there is none, or none that takes
 * tokens. Blocks whose lease got lost on the way to this node are nobody's.
 *
 * @throws {StateUnavailable}
 */
export async function leaseBlocks(count: number, options: LeaseOptions): Promise<Lease> {
  const { state, clock, key, period } = options;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const entry = await state.get(key);
    const list = takesTokens(entry, clock.now()) ?? openList(options);
    const first = list.next;
    const next = Math.min(first + count, list.size / BLOCK);
    const { id, key: secret, size, closesAt } = list;
    const value = { id, key: secret, size, next, closesAt };
    // Once it is closed, it is of no use: the next lease opens another.
    const swapped = await state.swap(key, entry?.version, value, { ttlSeconds: 2 * period });
    if (swapped === undefined) continue;
    const blocks = Array.from({ length: next - first }, (_, index) => first + index);
    return { identity: { id, key: secret, size }, blocks, closesAt };
  }
  throw new StateUnavailable('every attempt to lease indices of a status list was overtaken');
}

function takesTokens(entry: Entry | undefined, now: number): Current | undefined {
  if (entry === undefined) return undefined;
  const list = current.parse(entry.value);
  return list.next < list.size / BLOCK && list.closesAt > now ? list : undefined;
}

function openList({ clock, size, period }: LeaseOptions): Current {
  return {
    id: randomId(ID_BYTES),
    key: randomId(SHUFFLE_KEY_BYTES),
    size,
    next: 0,
    closesAt: clock.now() + period,
  };
}
