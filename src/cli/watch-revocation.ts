import { LatchkeyError } from '../runtime/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { FollowerPosition } from '../revocation/feed-positions.ts';
import { hasFollowed, type NodeProgress } from '../revocation/progress.ts';
import { table } from './output.ts';

const LOOK_EVERY_SECONDS = 0.05;
const LIMIT_MS = 60_000;
const UP = '\u001B[';

/** Somebody had not followed a revocation in time. It stands all the same. */
export class NotFollowed extends LatchkeyError {
  readonly code = 'ERR_NOT_FOLLOWED';
}

/** Where one entry stands in the feed. */
export interface Place {
  readonly number: number;
  readonly generation: number;
}

/** How one node or follower fares with a revocation. */
export interface Standing {
  /** What the operator calls the node, or who follows the feed from it. */
  readonly name: string;
  readonly client: string | undefined;
  /** The relay that it follows; undefined: it follows the node itself. */
  readonly via?: string | undefined;
  readonly kind: 'node' | 'lists' | 'stream' | 'poll';
  readonly number: number;
  /** From the receipt to when this was seen; undefined: not yet. */
  readonly followedAfterMs: number | undefined;
}

/** Keeps who had followed when it was first seen. */
export interface Standings {
  /** How everyone fares who is there now. */
  update(progress: readonly NodeProgress[], elapsedMs: number): readonly Standing[];
}

/** For the entry at `place`. */
export function createStandings(place: Place): Standings {
  const first = new Map<string, number>();

  return {
    update: (progress, elapsedMs) =>
      progress.flatMap((node) => {
        const whole = {
          ...node,
          name: node.node,
          client: undefined,
          via: undefined,
          kind: 'node' as const,
        };
        return [whole, ...listsOf(node), ...followersOf(node, progress)].map((one) => {
          const { name, client, via, kind, number } = one;
          const key = JSON.stringify([via ?? node.id, kind, client, name]);
          if (hasFollowed(one, place) && !first.has(key)) first.set(key, Math.round(elapsedMs));
          return { name, client, via, kind, number, followedAfterMs: first.get(key) };
        });
      }),
  };
}

/** A relay tells the one node or the other of its followers: what another one knows better is left out. */
function followersOf(
  node: NodeProgress,
  progress: readonly NodeProgress[],
): readonly FollowerPosition[] {
  return node.followers.filter(
    (one) =>
      one.via === undefined ||
      !progress.some(({ id, followers }) =>
        followers.some(
          ({ name, client, via, number }) =>
            name === one.name &&
            client === one.client &&
            via === one.via &&
            (number > one.number || (number === one.number && id < node.id)),
        ),
      ),
  );
}

/** The status lists, as this node knows those of all. */
function listsOf({ lists, epoch }: NodeProgress): readonly (Omit<Standing, 'followedAfterMs'> & {
  readonly epoch: string;
})[] {
  if (lists === undefined) return [];
  return [
    {
      name: 'status lists',
      client: undefined,
      via: undefined,
      kind: 'lists',
      epoch,
      number: lists,
    },
  ];
}

export interface WatchOptions {
  readonly progress: () => Promise<readonly NodeProgress[]>;
  readonly clock: Clock;
  /** Called with the standings whenever they have changed. */
  readonly show: (standings: readonly Standing[]) => void;
}

/** Resolves once all who are there have followed. @throws {NotFollowed} after a minute. */
export async function watchRevocation(
  place: Place,
  { progress, clock, show }: WatchOptions,
): Promise<readonly Standing[]> {
  const began = performance.now();
  const standings = createStandings(place);
  let shown = '';
  for (;;) {
    const now = standings.update(await progress(), performance.now() - began);
    const text = JSON.stringify(now);
    if (text !== shown) show(now);
    shown = text;
    const behind = now.filter(({ followedAfterMs }) => followedAfterMs === undefined);
    if (behind.length === 0) return now;
    if (performance.now() - began > LIMIT_MS) {
      const names = behind.map(({ name }) => name).join(', ');
      throw new NotFollowed(`not followed within ${LIMIT_MS / 1000} s, though it stands: ${names}`);
    }
    await clock.sleep(LOOK_EVERY_SECONDS, AbortSignal.timeout(LIMIT_MS));
  }
}

/** Draws the table of standings; on a terminal each over the one before. */
export function createStandingsView(
  print: (text: string) => void,
  isTerminal: boolean,
): (standings: readonly Standing[]) => void {
  let lines = 0;
  return (standings) => {
    const text = standingsTable(standings);
    const isFinal = standings.every(({ followedAfterMs }) => followedAfterMs !== undefined);
    // Where nothing can be drawn over, only the last table is worth its lines.
    if (!isTerminal && !isFinal) return;
    print(lines === 0 ? text : `${UP}${lines}A${UP}0J${text}`);
    lines = text.split('\n').length;
  };
}

function standingsTable(standings: readonly Standing[]): string {
  if (standings.length === 0) return 'No node is serving.';
  const rows = standings.map(({ name, client, via, kind, number, followedAfterMs }) => [
    kind === 'node' ? name : `  ${name}${via === undefined ? '' : ` via ${via}`}`,
    client ?? '',
    kind,
    String(number),
    followedAfterMs === undefined ? '...' : `${VERBS[kind]} ${followedAfterMs} ms`,
  ]);
  return table(['WHO', 'CLIENT', 'KIND', 'NUMBER', 'HOW FAR'], rows);
}

/** A node applies; status lists show; a stream was written to; a follower that polls says so itself. */
const VERBS = {
  node: 'applied after',
  lists: 'shown after',
  stream: 'sent after',
  poll: 'followed after',
} as const;
