import type { Context } from 'koa';
import type { Cursor } from './feed-payload.ts';
import { createRelayPositions } from './relay-positions.ts';
import { FOLLOWER_NAME, type RelayReport } from './relay-report.ts';

/** How long a follower that polls is remembered between two polls, beyond the heartbeat for which one may last. */
const BETWEEN_POLLS_MS = 5000;

/**
 * How far one follower of this node is. `stream`: the number up to which everything was handed to the
 * operating system for its connection, which is no proof that it was read. `poll`: the number that the follower itself
 * said it had reached when it asked.
 */
export interface FollowerPosition {
  /** By the header `Latchkey-Follower`, else by its address. */
  readonly name: string;
  /** The client it authenticated as; undefined with a public feed. */
  readonly client: string | undefined;
  readonly kind: 'stream' | 'poll';
  /** The relay that it follows, and that tells of it; undefined: it follows this node. */
  readonly via?: string | undefined;
  readonly epoch: string;
  readonly number: number;
}

/** Where one follower stands, to be moved. */
export interface Tracked {
  move(to: Cursor): void;
  end(): void;
}

/** Where the followers of this node stand. */
export interface FeedPositions {
  track(ctx: Context, kind: FollowerPosition['kind'], at: Cursor): Tracked;
  /** How far those are who follow the relay that sent this request. It replaces what the relay said before. */
  report(ctx: Context, followers: RelayReport): void;
  list(): readonly FollowerPosition[];
  /** Called when one has moved. Gives the function that ends it. */
  onMoved(listener: () => void): () => void;
}

/** Remembers as whom this request authenticated. */
export function nameFollower({ state }: Context, client: string): void {
  state['follower'] = client;
}

export function createFeedPositions(): FeedPositions {
  const streams = new Set<FollowerPosition>();
  /** By name and client, so that each poll takes the place of the one before. */
  const polls = new Map<
    string,
    { readonly position: FollowerPosition; readonly untilMs: number }
  >();
  const relayed = createRelayPositions();
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());

  function trackStream(first: FollowerPosition): Tracked {
    let position = first;
    streams.add(position);
    return {
      move({ epoch, number }) {
        if (!streams.delete(position)) return;
        position = { ...position, epoch, number };
        streams.add(position);
        tell();
      },
      end: () => void streams.delete(position),
    };
  }

  function trackPoll(position: FollowerPosition): Tracked {
    const key = `${position.client ?? ''} ${position.name}`;
    polls.set(key, { position, untilMs: Infinity });
    return {
      // What is sent now is known to have arrived only when the next poll says so.
      move: () => undefined,
      end: () => void polls.set(key, { position, untilMs: performance.now() + BETWEEN_POLLS_MS }),
    };
  }

  return {
    track(ctx, kind, { epoch, number }) {
      const position = { name: nameOf(ctx, kind), client: clientOf(ctx), kind, epoch, number };
      const tracked = kind === 'stream' ? trackStream(position) : trackPoll(position);
      tell();
      return tracked;
    },
    report(ctx, followers) {
      relayed.report({ name: nameOf(ctx, 'poll'), client: clientOf(ctx) }, followers);
      tell();
    },
    list() {
      for (const [key, { untilMs }] of polls) if (untilMs < performance.now()) polls.delete(key);
      return [
        ...streams,
        ...[...polls.values()].map(({ position }) => position),
        ...relayed.list(),
      ];
    },
    onMoved(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function nameOf(ctx: Context, kind: FollowerPosition['kind']): string {
  const name = ctx.get('Latchkey-Follower');
  if (FOLLOWER_NAME.test(name)) return name;
  // A connection of a stream is one follower; those of polls come and go.
  return kind === 'stream' ? `${ctx.ip}:${ctx.req.socket.remotePort ?? 0}` : ctx.ip;
}

function clientOf({ state }: Context): string | undefined {
  const client: unknown = state['follower'];
  return typeof client === 'string' ? client : undefined;
}
