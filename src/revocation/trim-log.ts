import type { State } from '../storage/state.ts';
import type { AgreedTime } from './agreed-time.ts';
import { readEntry } from './entry.ts';
import type { LogFollower } from './log-follower.ts';
import type { LogKeys } from './log-keys.ts';

const PAGE = 1000;
const TRIM_EVERY_SECONDS = 60;

interface TrimOptions {
  readonly state: State;
  readonly keys: LogKeys;
  readonly follower: LogFollower;
  readonly time: AgreedTime;
}

/**
 * Forgets the oldest entries of the log whose every token is dead. Of all nodes that call this within a
 * minute one does the work.
 */
export async function trimLog({ state, keys, follower, time }: TrimOptions): Promise<void> {
  const epoch = follower.position();
  if (epoch === undefined) return;
  if ((await state.count(keys.trim, 1, TRIM_EVERY_SECONDS - 1)) > 1) return;
  const log = keys.log(epoch.id);
  for (;;) {
    const { entries } = await state.readLog(log, 0, PAGE);
    const kept = entries.findIndex(({ value }) => readEntry(value).expiresAt >= time.now());
    const dead = kept === -1 ? entries : entries.slice(0, kept);
    const upTo = dead.at(-1)?.number;
    if (upTo === undefined) return;
    await state.trimLog(log, upTo);
    if (dead.length < PAGE) return;
  }
}
