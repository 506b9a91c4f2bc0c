import type { LogPlace } from './feed-messages.ts';
import { isFollowerName } from './follower-name.ts';
import type { NodeRequest } from './presentation.ts';

/** How far one follower of the relay is: all up to `number` was handed to the operating system for its connection. */
export interface RelayFollower {
  readonly name: string;
  readonly epoch: string;
  readonly number: number;
}

/** Where the followers of a relay stand. */
export interface RelayFollowers {
  /** Gives what moves it, and what takes it away. */
  track(request: NodeRequest, at: LogPlace): { move(to: LogPlace): void; end(): void };
  /** Those that are furthest behind first. */
  list(): readonly RelayFollower[];
}

export function createRelayFollowers(): RelayFollowers {
  const followers = new Set<{ readonly name: string; place: LogPlace }>();
  let tracked = 0;

  return {
    track({ headers }, at) {
      tracked += 1;
      const given = String(headers['latchkey-follower']);
      const name = isFollowerName(given) ? given : `unnamed:${tracked}`;
      const follower = { name, place: at };
      followers.add(follower);
      return {
        move: (to) => void (follower.place = to),
        end: () => void followers.delete(follower),
      };
    },
    list: () =>
      [...followers]
        // Numbers do not go back in a new epoch.
        .toSorted((one, other) => one.place.number - other.place.number)
        .map(({ name, place: { epoch, number } }) => ({ name, epoch, number })),
  };
}
