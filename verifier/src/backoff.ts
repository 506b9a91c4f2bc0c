import { randomInt } from 'node:crypto';

const FIRST_MS = 100;
/** Not more, so that a feed that is there again is heard within a second. */
const MAX_MS = 800;

/** Milliseconds to wait before attempt `attempt` (from 0): doubling, and never the same for all who were cut off together. */
export function backoffMs(attempt: number): number {
  const most = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return randomInt(Math.ceil(most / 2), most + 1);
}
