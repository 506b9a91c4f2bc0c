import { z } from 'zod';
import type { Json } from '../runtime/json.ts';
import type { State } from '../storage/state.ts';
import type { FollowerPosition } from './feed-positions.ts';
import type { LogKeys } from './log-keys.ts';

/** How far one node, and whoever follows the feed from it, has come. */
export interface NodeProgress {
  /** Random, of this run of the node. */
  readonly id: string;
  /** What its operator calls it. */
  readonly node: string;
  readonly epoch: string;
  readonly generation: number;
  /** The last entry that it has applied. */
  readonly number: number;
  /** Up to which entry its status lists, and those of all other nodes, show what was revoked; undefined: it has none. */
  readonly lists: number | undefined;
  /** By its own clock, in milliseconds. */
  readonly toldAtMs: number;
  /** How many follow the feed from it. */
  readonly followerCount: number;
  /** Those of them that are furthest behind, at most `FOLLOWERS_MAX`. */
  readonly followers: readonly FollowerPosition[];
}

/** So many followers are told of one by one: if they have all come to a number, so have the others. */
const FOLLOWERS_MAX = 200;

const shape = z.object({
  id: z.string(),
  node: z.string(),
  epoch: z.string(),
  generation: z.int(),
  number: z.int(),
  lists: z.int().optional(),
  toldAtMs: z.number(),
  followerCount: z.int(),
  followers: z.array(
    z.object({
      name: z.string(),
      client: z.string().optional(),
      kind: z.enum(['stream', 'poll']),
      via: z.string().optional(),
      epoch: z.string(),
      number: z.int(),
    }),
  ),
});

/** What the nodes told last, those that ended or fell silent left out. */
export async function readProgress(state: State, keys: LogKeys): Promise<readonly NodeProgress[]> {
  const ids = await state.list(keys.nodes);
  const entries = await state.getMany(ids.toSorted().map(keys.node));
  return entries
    .flatMap((entry) => {
      const { data } = shape.safeParse(entry?.value);
      return data === undefined ? [] : [data];
    })
    .map(({ followers, lists, ...node }) => ({
      ...node,
      lists,
      followers: followers.map(({ client, via, ...rest }) => ({ ...rest, client, via })),
    }));
}

/** As the state takes it. */
export function progressValue({ followers, lists, ...node }: NodeProgress): Json {
  return {
    ...node,
    ...(lists !== undefined && { lists }),
    followers: followers.map(({ client, via, ...rest }) => ({
      ...rest,
      ...(client !== undefined && { client }),
      ...(via !== undefined && { via }),
    })),
  };
}

/** The followers that are furthest behind, first. */
export function furthestBehind(followers: readonly FollowerPosition[]): FollowerPosition[] {
  return followers
    .toSorted((one, other) => generationOf(one) - generationOf(other) || one.number - other.number)
    .slice(0, FOLLOWERS_MAX);
}

/** Whether who stands there refuses what entry `number` of `generation` takes back: an epoch that began later refuses all. */
export function hasFollowed(
  at: { readonly epoch: string; readonly number: number },
  entry: { readonly generation: number; readonly number: number },
): boolean {
  const generation = generationOf(at);
  return (
    generation > entry.generation || (generation === entry.generation && at.number >= entry.number)
  );
}

/** An epoch is called `<generation>-<random>`. */
function generationOf({ epoch }: { readonly epoch: string }): number {
  return Number.parseInt(epoch, 10);
}
