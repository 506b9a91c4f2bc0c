import { z } from 'zod';
import type { Json } from '../runtime/json.ts';
import { randomId } from '../runtime/random.ts';

/**
 * One life of the log. When the log is found to have lost entries, the next epoch begins, with an empty
 * log of its own, and every token with a mark of an older one is refused.
 */
export interface Epoch {
  /** `<generation>-<random>`. */
  readonly id: string;
  /** 1 for the first epoch, and one more for each that follows. */
  readonly generation: number;
  /** What the first number follows, so that numbers never go back. */
  readonly offset: number;
}

/** What an installation remembers of its log outside of the log: the epoch, and a number that it had reached. */
export interface HighWater extends Epoch {
  readonly number: number;
}

const epochShape = z.object({
  id: z.string().regex(/^[1-9]\d*-[\w-]+$/),
  generation: z.int().positive(),
  offset: z.int().nonnegative(),
});

const highWaterShape = epochShape.extend({ number: z.int().nonnegative() });

/** @throws {z.ZodError} when it is none: whoever wrote that must be looked at by a person. */
export function readEpoch(value: Json): Epoch {
  return epochShape.parse(value);
}

/** @throws {z.ZodError} when it is none. */
export function readHighWater(value: unknown): HighWater {
  return highWaterShape.parse(value);
}

/** The epoch as the state engine takes it. */
export function epochValue({ id, generation, offset }: Epoch): Json {
  return { id, generation, offset };
}

/** The epoch to begin when all that is still known are these. */
export function nextEpoch(known: readonly (HighWater | undefined)[]): Epoch {
  const all = known.filter((one) => one !== undefined);
  const generation = Math.max(0, ...all.map((one) => one.generation)) + 1;
  const offset = Math.max(0, ...all.map(({ number, offset: from }) => Math.max(number, from)));
  return { id: `${generation}-${randomId(6)}`, generation, offset };
}

/**
 * Whether state, in what it says now, went back behind what is `known`: its epoch is gone, is older,
 * or is another one of the same age.
 */
export function hasGoneBack(inState: Epoch | undefined, known: Epoch | undefined): boolean {
  if (known === undefined) return false;
  if (inState === undefined || inState.generation < known.generation) return true;
  return inState.generation === known.generation && inState.id !== known.id;
}
