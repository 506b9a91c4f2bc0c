import type { Clock } from '../runtime/clock.ts';
import { randomId } from '../runtime/random.ts';
import type { RevocationConfig } from './config.ts';
import type { EntryAppender } from './entry-appender.ts';
import { entryOf } from './entry.ts';
import type { LogFollower } from './log-follower.ts';

interface PassByOptions {
  readonly follower: LogFollower;
  readonly appender: EntryAppender;
  readonly clock: Clock;
  readonly settings: RevocationConfig;
}

/**
 * Fills the log with entries that match nothing until it has come further than `number`. A follower that had read up to
 * there finds another entry where it stands, and asks for the whole list anew.
 *
 * @throws {StateUnavailable} {RevocationUnknown} when the log is not known.
 */
export async function passBy(number: number, options: PassByOptions): Promise<void> {
  const { follower, appender, clock, settings } = options;
  const missing = number - (follower.position()?.number ?? 0) + 1;
  const remembering = { ...settings, now: clock.now() };
  const filling = Array.from({ length: Math.max(0, missing) }, async () => {
    const nothing = { kind: 'token', jti: randomId(), expiresAt: clock.now() } as const;
    await appender.append(entryOf(randomId(), nothing, remembering));
  });
  await Promise.all(filling);
}
